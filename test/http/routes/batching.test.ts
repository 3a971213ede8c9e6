import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { compactDecrypt, compactVerify } from 'jose'
import t from 'tap'
import { leavingCaller } from '../../support/leaving-caller.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'

const backend = await testBackend(t)
const standIn = await vaultStandIn(t, backend.vault.address)
const service = await startService(t, backend, {
  VAULT_ADDR: standIn.address,
  // All at once is more than a second's work; nobody is to be turned away here.
  PADLOCK_REQUEST_DEADLINE_MS: '60000',
  PADLOCK_SIGN_QUEUE_MAX: '2000',
  PADLOCK_PROFILE_REFRESH_SECONDS: '1',
})

/** The userId that the recipient reads in a token, verified under a version's public key. */
async function userIdIn(token: string, publicKey: KeyObject): Promise<unknown> {
  const { plaintext } = await compactDecrypt(token, backend.recipientKey)
  const { payload } = await compactVerify(plaintext, publicKey)
  return JSON.parse(new TextDecoder().decode(payload))['https://iadvize.com/userId']
}

async function publicKeyOf(name: string, version = 1): Promise<KeyObject> {
  const { body } = await backend.vault.api('GET', `transit/keys/${name}`)
  return createPublicKey(body.data.keys[version].public_key)
}

interface Issued {
  token: string
  keyVersion: number
}

t.test('2,000 calls at once: each token holds its own userId', async (t) => {
  standIn.calls.length = 0
  const publicKey = await publicKeyOf('padlock-default')
  const ids = Array.from({ length: 2_000 }, (_, i) => `user-${i}`)
  const wrong: string[] = []
  await Promise.all(
    ids.map(async (userId) => {
      let response = await service.issue({ userId })
      // A machine that stands still for a second looks like a Vault that needs a minute for all.
      while (response.status === 503) {
        await new Promise((r) => setTimeout(r, 1_000))
        response = await service.issue({ userId })
      }
      const { token, code } = (await response.json()) as Issued & { code?: string }
      if (response.status !== 200) {
        wrong.push(`${response.status} ${code}`)
      } else if ((await userIdIn(token, publicKey)) !== userId) {
        wrong.push(`another's token for ${userId}`)
      }
    }),
  )
  t.strictSame(wrong, [])
  const signing = standIn.calls.filter(({ path }) => path.startsWith('transit/sign/'))
  t.ok(signing.length < 1_000, `${signing.length} calls to Vault`)
  const signed = signing.flatMap(({ body }) => body.batch_input.map(({ input }: { input: string }) => input))
  t.equal(signed.length, 2_000)
  t.equal(new Set(signed).size, 2_000)
})

t.test('profiles with different keys and versions, all at once: never crossed', async (t) => {
  const names = ['one', 'two', 'three']
  for (const name of names) {
    await backend.addProfile(name)
  }
  await backend.vault.api('POST', 'transit/keys/padlock-three/rotate')
  // Two profiles on two versions of one key.
  await backend.addProfile('four', { signingKey: 'padlock-three', signingKeyVersion: 2 })
  const keys = new Map([
    ['one', await publicKeyOf('padlock-one')],
    ['two', await publicKeyOf('padlock-two')],
    ['three', await publicKeyOf('padlock-three')],
    ['four', await publicKeyOf('padlock-three', 2)],
  ])
  const known = async (profile: string) => (await service.issue({ userId: 'u' }, { profile })).status === 200
  for (const name of keys.keys()) {
    while (!(await known(name))) {
      await new Promise((r) => setTimeout(r, 50))
    }
  }
  const jobs = Array.from({ length: 400 }, (_, i) => ({
    userId: `user-${i}`,
    profile: [...keys.keys()][i % 4] as string,
  }))
  const read = await Promise.all(
    jobs.map(async ({ userId, profile }) => {
      const issued = (await (await service.issue({ userId }, { profile })).json()) as Issued
      t.equal(issued.keyVersion, profile === 'four' ? 2 : 1)
      return { userId: await userIdIn(issued.token, keys.get(profile) as KeyObject), profile }
    }),
  )
  t.strictSame(read, jobs)
})

t.test('a signature that does not verify costs its own caller the token, and nobody else', async (t) => {
  t.teardown(() => {
    standIn.answer = (call) => call.forward()
  })
  const ids = Array.from({ length: 40 }, (_, i) => `user-${i}`)
  let broken = 0
  standIn.answer = async (call) => {
    const answer = await call.forward()
    const results = answer.body?.data?.batch_results
    if (results?.length >= 3) {
      // The worst case: good signatures, of each other's tokens.
      const [, second, third] = results
      ;[second.signature, third.signature] = [third.signature, second.signature]
      broken += 2
    }
    return answer
  }
  const publicKey = await publicKeyOf('padlock-default')
  const outcomes = await Promise.all(
    ids.map(async (userId) => {
      const response = await service.issue({ userId })
      const body = (await response.json()) as Issued & { code?: string }
      if (response.status === 200) {
        return (await userIdIn(body.token, publicKey)) === userId ? 'good' : 'WRONG'
      }
      return `${response.status} ${body.code} ${'token' in body}`
    }),
  )
  t.ok(broken > 0)
  t.equal(outcomes.filter((outcome) => outcome === '502 signature_invalid false').length, broken)
  t.equal(outcomes.filter((outcome) => outcome === 'good').length, ids.length - broken)
})

t.test("the log ties each token to its call in Vault's audit log", async (t) => {
  const isToken = (line: { route?: string; status?: number }) =>
    line.route === '/v1/profiles/:profile/tokens' && line.status === 200
  const before = service.log.filter(isToken).length
  await Promise.all(Array.from({ length: 30 }, (_, i) => service.issue({ userId: `audited-${i}` })))
  while (service.log.filter(isToken).length < before + 30) {
    await new Promise((r) => setTimeout(r, 10))
  }
  const lines = service.log.filter(isToken).slice(before)
  const entries = (await readFile(backend.vault.auditLog, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"type":"request"'))
    .map((line) => JSON.parse(line))
  const perCall = Map.groupBy(lines, ({ correlationId }) => correlationId)
  t.ok(perCall.size < 30, 'some shared a call')
  for (const [id, tokens] of perCall) {
    const calls = entries.filter(({ request }) => request.headers?.['x-correlation-id']?.[0] === id)
    t.equal(calls.length, 1)
    t.equal(calls[0].request.data.batch_input.length, tokens.length)
  }
})

t.test('a caller that goes away leaves the others of its batch alone', async (t) => {
  t.teardown(() => {
    standIn.answer = (call) => call.forward()
  })
  const held = standIn.holdSigning()
  const leaving = await leavingCaller(service)
  const staying = ['stays-1', 'stays-2', 'stays-3'].map((userId) => service.issue({ userId }))
  await held.reached
  await leaving.leave()
  held.release()
  for (const response of staying) {
    t.equal((await response).status, 200)
  }
})

t.test('how signatures are gathered stands in the metrics', async (t) => {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  t.equal(value('padlock_sign_queue_length'), 0)
  t.equal(value('padlock_sign_calls_in_flight'), 0)
  const calls = value('padlock_sign_batch_size_count')
  const signatures = value('padlock_sign_batch_size_sum')
  t.ok(signatures > 2_400)
  t.ok(calls < signatures)
  t.equal(value('padlock_sign_wait_seconds_count'), signatures)
  t.equal(value('padlock_sign_call_duration_seconds_count\\{code="ok"\\}'), calls)
})
