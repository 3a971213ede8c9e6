import { createPublicKey } from 'node:crypto'
import t from 'tap'
import { keyFingerprint } from '../../../src/keys/rsa-public-key.ts'
import { keyRunner, operatorToken } from '../../support/key-command.ts'
import { testBackend } from '../../support/service.ts'
import { type StandInCall, vaultStandIn } from '../../support/vault-stand-in.ts'

const { vault, addProfile } = await testBackend(t)
const { api } = vault
const stand = await vaultStandIn(t, vault.address)
const jo = keyRunner(vault, await operatorToken(vault, 'jo'))
const throughStand = keyRunner({ ...vault, address: stand.address }, await operatorToken(vault, 'kim'))

const longAgo = '2026-01-01T00:00:00.000Z'
const keyOf = async (name: string) => (await api('GET', `transit/keys/padlock-${name}`)).body.data
const profileOf = async (name: string) => (await api('GET', `secret/data/padlock/profiles/${name}`)).body.data
const fingerprintOf = async (name: string, version: number) =>
  keyFingerprint(createPublicKey((await keyOf(name)).keys[version].public_key))
const activation = async (name: string, version: number) => [
  ...['activate', name, String(version), '--acknowledged', await fingerprintOf(name, version)],
]

/** Kim's command stops before its one call of a kind, until somebody else's work is done. */
async function meanwhile(args: string[], isIt: (call: StandInCall) => boolean, work: () => Promise<unknown>) {
  let done = false
  stand.answer = async (call) => {
    if (!done && isIt(call)) {
      done = true
      await work()
    }
    return call.forward()
  }
  const outcome = await throughStand(args)
  t.ok(done, 'they met')
  return outcome
}
const writesProfile = ({ method, path }: StandInCall) => method !== 'GET' && path.startsWith('secret/data/')
const configures = ({ method, path }: StandInCall) => method !== 'GET' && path.endsWith('/config')
const rotates = ({ path }: StandInCall) => path.endsWith('/rotate')

async function newProfile(name: string, versions: number, settings: object = {}): Promise<void> {
  await addProfile(name, { activatedAt: longAgo, ...settings })
  for (let version = 2; version <= versions; version += 1) {
    await api('POST', `transit/keys/padlock-${name}/rotate`)
  }
}

t.test('of two who activate, the second is told, and overwrites nothing', async (t) => {
  await newProfile('two', 3)
  const [mine, others] = [await activation('two', 2), await activation('two', 3)]
  const outcome = await meanwhile(mine, writesProfile, () => jo(others))
  t.match(outcome, {
    exitCode: 1,
    stderr: /token-jo has changed the profile two .*Nothing of yours was written/,
  })
  t.match(await profileOf('two'), { metadata: { version: 2 }, data: { signingKeyVersion: 3 } })
})

t.test('an activation does not undo a change of something else', async (t) => {
  await newProfile('else', 2)
  const { data } = await profileOf('else')
  const change = () =>
    api('POST', 'secret/data/padlock/profiles/else', { data: { ...data, tokenTtlSeconds: 90 } })
  const mine = await activation('else', 2)
  t.equal((await meanwhile(mine, writesProfile, change)).exitCode, 1)
  t.match(await throughStand(mine), { exitCode: 0 }, 'the second time it is read anew')
  t.match((await profileOf('else')).data, { signingKeyVersion: 2, tokenTtlSeconds: 90 })
})

t.test('of two who stage, both learn that there are two versions', async (t) => {
  await newProfile('staged', 1)
  const outcome = await meanwhile(['stage', 'staged'], rotates, () => jo(['stage', 'staged']))
  t.match(outcome, {
    exitCode: 0,
    stderr: /Someone else made a version at the same moment: there are 2 to 3/,
  })
  t.match(await jo(['export', 'staged']), { stdout: /^Version 3 / }, 'and both send the same')
  t.match((await profileOf('staged')).data, { signingKeyVersion: 1 })
})

t.test('a version that is taken up again while it is retired is not retired', async (t) => {
  await newProfile('race', 2, { signingKeyVersion: 2, previousSigningKeyVersion: 1 })
  const outcome = await meanwhile(['retire', 'race', '1'], configures, () => jo(['rollback', 'race']))
  t.match(outcome, {
    exitCode: 1,
    stderr: /token-jo has pinned version 1 .*min_encryption_version is 0 again/,
  })
  t.match(await keyOf('race'), { min_encryption_version: 0 })
  t.match((await profileOf('race')).data, { signingKeyVersion: 1 })
})

t.test('a version that is retired while it is taken up again: it is said, with the way out', async (t) => {
  await newProfile('race-too', 2, { signingKeyVersion: 2, previousSigningKeyVersion: 1 })
  const outcome = await meanwhile(['rollback', 'race-too'], writesProfile, () =>
    jo(['retire', 'race-too', '1']),
  )
  const undo = /retired at the same moment.*vault write (\S+) min_encryption_version=1$/m
  t.match(outcome, { exitCode: 1, stderr: undo })
  const [, path = ''] = undo.exec(outcome.stderr) as RegExpExecArray
  await api('POST', path, { min_encryption_version: 1 })
  t.match(await jo(['rollback', 'race-too']), { exitCode: 0, stdout: /nothing to change/ })
})

t.test('who was overtaken while waiting is told', async (t) => {
  await newProfile('overtaken', 3)
  const mine = await activation('overtaken', 2)
  const others = await activation('overtaken', 3)
  let written = false
  const afterwards = (call: StandInCall) => {
    if (writesProfile(call)) {
      written = true
    }
    return written && call.method === 'GET'
  }
  const outcome = await meanwhile(mine, afterwards, () => jo(others))
  t.match(outcome, { exitCode: 1, stderr: /Version 2 was pinned, and token-jo has pinned version 3 since/ })
})
