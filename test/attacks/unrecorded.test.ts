import { createHash, createPublicKey } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import { Issuance } from '../../src/issuance/issuance.ts'
import { IssuanceLog, type LineSink } from '../../src/issuance/issuance-log.ts'
import { createVaultClient } from '../../src/vault/client/client.ts'
import { VaultSession } from '../../src/vault/session/session.ts'
import { VaultBreaker } from '../../src/vault/signing/breaker.ts'
import { TransitSigner } from '../../src/vault/signing/transit-signer.ts'
import { testVault } from '../support/vault.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'

// Vault is asked once the line that tells of the call is written. Where the line finds no room, or cannot be written, no
// call leaves where the log is required.

const vault = await testVault(t)
await vault.api('POST', 'sys/mounts/transit', { type: 'transit' })
await vault.api('POST', 'transit/keys/padlock-a', { type: 'rsa-2048' })
const { body } = await vault.api('GET', 'transit/keys/padlock-a')
const publicKey = createPublicKey(body.data.keys[1].public_key)
const key = { name: 'padlock-a', version: 1, publicKey, thumbprint: '' }
const standIn = await vaultStandIn(t, vault.address)
const client = createVaultClient({ address: standIn.address })
t.teardown(() => client.close())
const silent = pino({ level: 'silent' })
const login = async () => ({ token: vault.rootToken, ttlSeconds: 0, renewable: false })
const session = new VaultSession(client, { method: 'token', ownsToken: false, login }, silent)

interface Line {
  hasRoom: boolean
  isWritten: boolean | Promise<boolean>
}

const signCalls = () => standIn.calls.filter(({ path }) => path.includes('/sign/')).length

/** Asks for three signatures at once. @returns what becomes of them, and ends the log */
async function signThree(required: boolean, { hasRoom, isWritten }: Line) {
  const sink: LineSink = {
    append: () => hasRoom,
    written: async () => isWritten,
    state: () => ({ error: undefined, waiting: 0, lost: 0 }),
    isSettled: true,
    close: async () => 0,
  }
  const issuance = new Issuance(await IssuanceLog.open(() => sink), required, silent)
  standIn.calls.length = 0
  standIn.answer = (call) => call.forward()
  const signer = new TransitSigner({
    ...{ client, session, breaker: new VaultBreaker(), mount: 'transit' },
    limits: { inFlight: 2, batchMax: 32, queueMax: 100 },
    onAsk: (...call) => issuance.asked(...call),
  })
  const signed = ['a', 'b', 'c'].map((text) =>
    signer
      .sign(createHash('sha256').update(text).digest(), key, { deadline: performance.now() + 30_000 })
      .then(
        () => 'signed',
        ({ code }) => code,
      ),
  )
  return { outcomes: Promise.all(signed), stop: () => issuance.stop() }
}

const refused = 'issuance_log_unavailable'
const inputs = [
  { required: true, hasRoom: false, isWritten: true, outcome: refused },
  { required: true, hasRoom: true, isWritten: false, outcome: refused },
  { required: true, hasRoom: true, isWritten: true, outcome: 'signed' },
  { required: false, hasRoom: false, isWritten: true, outcome: 'signed' },
  { required: false, hasRoom: true, isWritten: false, outcome: 'signed' },
]
for (const { required, outcome, ...line } of inputs) {
  const name = `${required ? 'required' : 'not required'}, ${line.hasRoom ? 'room' : 'no room'}`
  t.test(`${name}, ${line.isWritten ? 'written' : 'not written'}`, async (t) => {
    const { outcomes, stop } = await signThree(required, line)
    t.strictSame(await outcomes, [outcome, outcome, outcome])
    t.equal(signCalls() > 0, outcome === 'signed')
    await stop()
  })
}

for (const required of [true, false]) {
  t.test(`${required ? 'required' : 'not required'}: no call before its line is written`, async (t) => {
    const line = Promise.withResolvers<boolean>()
    const { outcomes, stop } = await signThree(required, { hasRoom: true, isWritten: line.promise })
    // A call that did not wait would be there by then: the way to Vault is open.
    await client.read('sys/health', { token: vault.rootToken, timeoutMs: 30_000 })
    t.equal(signCalls(), 0)
    line.resolve(true)
    t.strictSame(await outcomes, ['signed', 'signed', 'signed'])
    await stop()
  })
}
