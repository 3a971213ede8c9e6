import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import { PadlockError } from '../../../src/errors.ts'
import { compactJws } from '../../../src/token/jws.ts'
import type { SigningKey } from '../../../src/token/signer.ts'
import { policyText } from '../../../src/vault/admin/policies.ts'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import { VaultSession } from '../../../src/vault/session/session.ts'
import { VaultBreaker } from '../../../src/vault/signing/breaker.ts'
import type { SignLimits } from '../../../src/vault/signing/sign-queue.ts'
import { TransitSigner } from '../../../src/vault/signing/transit-signer.ts'
import { testVault } from '../../support/vault.ts'
import { type StandInCall, vaultStandIn } from '../../support/vault-stand-in.ts'
import { until } from '../../support/wait.ts'

const vault = await testVault(t)
await vault.api('POST', 'sys/mounts/transit', { type: 'transit' })
const standIn = await vaultStandIn(t, vault.address)
const client = createVaultClient({ address: standIn.address })
t.teardown(() => client.close())

// The service's own policy: what the signer sends must be allowed by it.
const policy = await policyText('signer', {
  ...{ transitMount: 'transit', kvMount: 'secret', appRoleMount: 'approle', appRoleName: 'padlock' },
  signingKeys: ['padlock-shop', 'padlock-a', 'padlock-b', 'padlock-old', 'padlock-no'],
})
await vault.api('PUT', 'sys/policies/acl/padlock-signer', { policy })
const answer = await vault.api('POST', 'auth/token/create', {
  policies: ['padlock-signer'],
  no_default_policy: true,
})
const token: string = answer.body.auth.client_token

let logins = 0
const login = async () => {
  logins += 1
  return { token, ttlSeconds: 0, renewable: false }
}
const session = new VaultSession(
  client,
  { method: 'token', ownsToken: false, login },
  pino({ level: 'silent' }),
)

/** Makes a transit key with so many versions; gives each of them as it would be pinned. */
async function makeKey(name: string, versions = 1): Promise<SigningKey[]> {
  await vault.api('POST', `transit/keys/${name}`, { type: 'rsa-2048' })
  for (let i = 1; i < versions; i++) {
    await vault.api('POST', `transit/keys/${name}/rotate`)
  }
  const { body } = await vault.api('GET', `transit/keys/${name}`)
  return Array.from({ length: versions }, (_, i) => {
    const publicKey = createPublicKey(body.data.keys[i + 1].public_key)
    return { name, version: i + 1, publicKey, thumbprint: '' }
  })
}
const [shop] = (await makeKey('padlock-shop')) as [SigningKey]

function signerOf(limits: Partial<SignLimits> = {}) {
  standIn.calls.length = 0
  standIn.answer = (call) => call.forward()
  const codes: string[] = []
  const signer = new TransitSigner({
    ...{ client, session, breaker: new VaultBreaker(), mount: 'transit' },
    limits: { inFlight: 2, batchMax: 32, queueMax: 10_000, ...limits },
    observer: { changed: () => {}, sent: () => {}, answered: (_durationMs, code) => codes.push(code) },
  })
  /** A signature as a token needs it: verified under the pinned key; or the code of why there is none. */
  async function sign(text: string, key = shop, inMs = 30_000, signal?: AbortSignal) {
    const input = { text, digest: createHash('sha256').update(text).digest() }
    const deadline = performance.now() + inMs
    let correlationId = ''
    const onCall = (id: string) => {
      correlationId = id
    }
    try {
      const signature = await signer.sign(input.digest, key, { deadline, onCall, ...(signal && { signal }) })
      return { jws: compactJws(input, signature, key), correlationId }
    } catch (error) {
      if (!(error instanceof PadlockError)) {
        throw error
      }
      return { code: error.code, correlationId }
    }
  }
  /** Signs several at once, in one call. */
  async function codesOf(texts: string[], key = shop) {
    const results = await Promise.all(texts.map((text) => sign(text, key)))
    return results.map(({ code }, i) => code ?? `good ${texts[i]}`)
  }
  return { signer, sign, codesOf, codes }
}

const texts = (count: number, prefix = 'text') => Array.from({ length: count }, (_, i) => `${prefix}-${i}`)
const good = (list: string[]) => list.map((text) => `good ${text}`)
const batchOf = (call: StandInCall): { input: string; reference: string }[] => call.body.batch_input

t.test('2,000 signatures at once, each made for its own text, in few calls', async (t) => {
  const { codesOf, codes } = signerOf()
  const all = texts(2_000)
  t.strictSame(await codesOf(all), good(all))
  t.equal(standIn.calls.length, Math.ceil(2_000 / 32))
  t.ok(codes.every((code) => code === 'ok'))
})

t.test(
  'what a call says: RS256 by name, hashed, by the pinned version, under one correlation id',
  async (t) => {
    const { sign } = signerOf({ inFlight: 1 })
    const results = await Promise.all(texts(3).map((text) => sign(text)))
    t.equal(standIn.calls.length, 1)
    const { method, path, headers, body } = standIn.calls[0] as StandInCall
    t.strictSame([method, path], ['POST', 'transit/sign/padlock-shop/sha2-256'])
    t.match(body, {
      prehashed: true,
      signature_algorithm: 'pkcs1v15',
      marshaling_algorithm: 'jws',
      key_version: '1',
      batch_input: texts(3).map((text) => ({ input: createHash('sha256').update(text).digest('base64') })),
    })
    t.match(headers['x-correlation-id'], /^[0-9a-f-]{36}$/)
    for (const { correlationId } of results) {
      t.equal(correlationId, headers['x-correlation-id'])
    }
    await sign('another')
    t.not(standIn.calls[1]?.headers['x-correlation-id'], headers['x-correlation-id'])
  },
)

t.test('different keys and versions never share a call, and each is signed by its own', async (t) => {
  const keys = [...(await makeKey('padlock-a', 3)), ...(await makeKey('padlock-b', 2))]
  const { sign } = signerOf({ batchMax: 5 })
  const jobs = texts(200).map((text, i) => ({ text, key: keys[i % keys.length] as SigningKey }))
  const results = await Promise.all(jobs.map(({ text, key }) => sign(text, key)))
  // compactJws has verified each under the public key of its own version.
  t.ok(results.every(({ jws }) => jws !== undefined))
  const digestOf = new Map(
    jobs.map(({ text, key }) => [createHash('sha256').update(text).digest('base64'), key]),
  )
  for (const call of standIn.calls) {
    for (const { input } of batchOf(call)) {
      const key = digestOf.get(input) as SigningKey
      t.equal(call.path, `transit/sign/${key.name}/sha2-256`)
      t.equal(call.body.key_version, String(key.version))
    }
  }
})

t.test('an item that Vault refuses fails alone', async (t) => {
  const { signer, sign } = signerOf({ inFlight: 1 })
  const deadline = performance.now() + 30_000
  const [a, bad, b] = await Promise.all([
    sign('a'),
    // Not a SHA-256: Vault answers for this item with an error in its place.
    signer.sign(randomBytes(31), shop, { deadline }).catch((error: PadlockError) => error),
    sign('b'),
  ])
  t.equal(standIn.calls.length, 1)
  t.ok(a.jws)
  t.ok(b.jws)
  t.equal((bad as PadlockError).code, 'signing_key_missing')
})

t.test(
  'a version that is disabled or missing, a key that is gone: told apart, and not asked for again',
  async (t) => {
    const [old] = (await makeKey('padlock-old', 2)) as [SigningKey, SigningKey]
    await vault.api('POST', 'transit/keys/padlock-old/config', { min_encryption_version: 2 })
    const { codesOf, codes } = signerOf({ inFlight: 1 })
    t.strictSame(await codesOf(texts(2), old), Array(2).fill('key_version_disabled'))
    t.strictSame(await codesOf(texts(2), { ...shop, version: 9 }), Array(2).fill('signing_key_missing'))
    t.strictSame(
      await codesOf(texts(2), { ...shop, name: 'padlock-no' }),
      Array(2).fill('signing_key_missing'),
    )
    t.equal(standIn.calls.length, 3)
    t.strictSame(codes.slice(0, 2), ['key_version_disabled', 'signing_key_missing'], 'what is counted')
  },
)

/** Has Vault's results changed on their way, and signs five texts in one call. */
async function withResults(change: (results: { reference: string; signature: string }[]) => unknown) {
  const { codesOf } = signerOf({ inFlight: 1 })
  standIn.answer = async (call) => {
    const answer = await call.forward()
    answer.body.data.batch_results = change(answer.body.data.batch_results)
    return answer
  }
  const codes = await codesOf(texts(5, 't'))
  return { codes, calls: standIn.calls.length }
}
/** Five texts, of which some fail. */
const butFor = (...failed: number[]) =>
  good(texts(5, 't')).map((result, i) => (failed.includes(i) ? 'signature_invalid' : result))

for (const [what, change, expected] of [
  ['reordered', (results) => results.toReversed(), butFor()],
  ['short: the first is missing', (results) => results.slice(1), butFor(0)],
  ['short: the middle is missing', (results) => results.toSpliced(2, 1), butFor(2)],
  ['empty', () => [], butFor(0, 1, 2, 3, 4)],
  ['not a list', () => ({}), butFor(0, 1, 2, 3, 4)],
  ['null', () => null, butFor(0, 1, 2, 3, 4)],
  [
    'long: with an unknown reference, first and last',
    (results) => [{ ...results[1], reference: 'x' }, ...results, { ...results[0], reference: 'zzz' }],
    butFor(),
  ],
  [
    'long: a result without a reference',
    (results) => [{ signature: 'vault:v1:AA' }, null, ...results],
    butFor(),
  ],
  ['duplicated: the same result twice', (results) => [...results, results[3]], butFor(3)],
  [
    'duplicated: one reference for two results',
    (results) => results.with(1, { ...results[1], reference: results[0]?.reference }),
    butFor(0, 1),
  ],
  [
    'a reference as a number',
    (results) =>
      results.with(2, { ...results[2], reference: Number.parseInt(results[2]?.reference as string, 36) }),
    butFor(2),
  ],
  [
    "two signatures in each other's place",
    (results) =>
      results
        .with(1, { ...results[1], signature: results[3]?.signature })
        .with(3, { ...results[3], signature: results[1]?.signature }),
    butFor(1, 3),
  ],
  [
    'a wrong signature in the middle',
    (results) =>
      results.with(2, { ...results[2], signature: `vault:v1:${randomBytes(256).toString('base64url')}` }),
    butFor(2),
  ],
  [
    'a signature of another version',
    (results) => results.with(4, { ...results[4], signature: results[4]?.signature.replace(':v1:', ':v2:') }),
    butFor(4),
  ],
  [
    'signatures that are none',
    (results) =>
      results
        .with(0, { ...results[0], signature: '' })
        .with(1, { ...results[1], signature: 'vault:v1:' })
        .with(2, { ...results[2], signature: 7 })
        .with(3, { reference: results[3]?.reference }),
    butFor(0, 1, 2, 3),
  ],
  // biome-ignore lint/suspicious/noExplicitAny: the answers are broken on purpose.
] as [string, (results: any[]) => unknown, string[]][]) {
  t.test(`an answer that is ${what}`, async (t) => {
    const { codes, calls } = await withResults(change)
    t.strictSame(codes, expected)
    t.equal(calls, 1)
  })
}

t.test('a connection broken in the middle of an answer is tried again, under the same id', async (t) => {
  const { codesOf, codes } = signerOf({ inFlight: 1 })
  standIn.answer = (call) => (standIn.calls.length === 1 ? 'reset' : call.forward())
  t.strictSame(await codesOf(texts(4)), good(texts(4)))
  t.equal(standIn.calls.length, 2)
  t.strictSame(codes, ['vault_unavailable', 'ok'])
  const [first, second] = standIn.calls as [StandInCall, StandInCall]
  t.strictSame(second.body, first.body)
  t.equal(second.headers['x-correlation-id'], first.headers['x-correlation-id'])
})

t.test('twice more and not again', async (t) => {
  for (const broken of [
    'reset',
    { status: 500, body: { errors: ['boom'] } },
    { status: 412, body: { errors: ['required index state not present'] } },
  ] as const) {
    const { codesOf } = signerOf({ inFlight: 1 })
    standIn.answer = () => broken
    t.strictSame(await codesOf(texts(4)), Array(4).fill('vault_unavailable'))
    t.equal(standIn.calls.length, 3)
  }
})

t.test('where every call fails, hardly more than the first ones go out', async (t) => {
  const { sign } = signerOf({ inFlight: 1 })
  // Every fifth is served, so that the breaker stays closed and the budget alone holds them back.
  standIn.answer = (call) =>
    standIn.calls.length % 5 === 0 ? call.forward() : { status: 500, body: { errors: ['boom'] } }
  for (let i = 0; i < 250; i++) {
    await sign(`text-${i}`)
  }
  t.ok(standIn.calls.length > 255, 'retries are made')
  t.ok(standIn.calls.length <= 1.1 * 250, `${standIn.calls.length} calls for 250`)
})

t.test('while Vault does not serve, nothing is sent, but a single call now and then', async (t) => {
  const { signer, sign } = signerOf({ inFlight: 1 })
  standIn.answer = () => ({ status: 503, body: { errors: ['Vault is sealed'] } })
  while (signer.refusal(shop, performance.now() + 30_000) === undefined) {
    await sign('not signed')
  }
  const calls = standIn.calls.length
  t.equal((await sign('refused')).code, 'vault_sealed')
  t.equal(standIn.calls.length, calls)
  standIn.answer = (call) => call.forward()
  await until(() => signer.refusal(shop, performance.now() + 30_000) === undefined)
  t.ok((await sign('signed again')).jws)
})

t.test('what a second call cannot mend is not tried again', async (t) => {
  for (const [status, error, code] of [
    [503, 'Vault is sealed', 'vault_sealed'],
    [429, 'quota', 'vault_throttled'],
    [400, 'signing key not found', 'signing_key_missing'],
    [307, 'elsewhere', 'vault_unavailable'],
  ] as const) {
    const { codesOf } = signerOf({ inFlight: 1 })
    standIn.answer = () => ({ status, body: { errors: [error] } })
    t.strictSame(await codesOf(texts(2)), Array(2).fill(code))
    t.equal(standIn.calls.length, 1)
  }
})

t.test('a node that does not know a version yet that has signed before is passing trouble', async (t) => {
  const words = 'requested version for signing is higher than the latest key version'
  const behind = (call: StandInCall) => ({
    status: 200,
    body: {
      data: {
        batch_results: batchOf(call).map(({ reference }) => ({ key_version: 0, error: words, reference })),
      },
    },
  })
  const fresh = signerOf({ inFlight: 1 })
  standIn.answer = behind
  t.strictSame(await fresh.codesOf(texts(2)), Array(2).fill('signing_key_missing'), 'it has never signed')
  const { sign, codesOf } = signerOf({ inFlight: 1 })
  standIn.answer = (call) => call.forward()
  t.ok((await sign('known')).jws)
  standIn.calls.length = 0
  standIn.answer = (call) => (standIn.calls.length > 1 ? call.forward() : behind(call))
  t.ok((await sign('asked again, of another node')).jws)
  t.equal(standIn.calls.length, 2)
  standIn.answer = behind
  t.strictSame(await codesOf(texts(2)), Array(2).fill('vault_unavailable'), 'every node is behind')
})

t.test('a second call is only for those that still wait', async (t) => {
  const { sign } = signerOf({ inFlight: 1 })
  const gone = new AbortController()
  standIn.answer = (call) => {
    if (standIn.calls.length > 1) {
      return call.forward()
    }
    gone.abort()
    return 'reset'
  }
  const [leaves, stays] = await Promise.all([sign('leaves', shop, 30_000, gone.signal), sign('stays')])
  t.equal(leaves.code, 'vault_timeout')
  t.ok(stays.jws)
  t.strictSame(
    standIn.calls.map((call) => batchOf(call).length),
    [2, 1],
  )
  const inputOf = (text: string) => createHash('sha256').update(text).digest('base64')
  t.equal(batchOf(standIn.calls[1] as StandInCall)[0]?.input, inputOf('stays'))
})

t.test('each caller has its own deadline; the call lives until the latest', async (t) => {
  const { sign } = signerOf({ inFlight: 1 })
  const answered = Promise.withResolvers<void>()
  standIn.answer = async (call) => {
    await answered.promise
    return call.forward()
  }
  const soon = sign('soon', shop, 50)
  const later = sign('later')
  t.equal((await soon).code, 'vault_timeout')
  answered.resolve()
  t.ok((await later).jws)
  t.equal(standIn.calls.length, 1)
})

t.test('a call that is never answered ends at the deadline, and the slot is free again', async (t) => {
  const { sign, codesOf, codes } = signerOf({ inFlight: 1 })
  const never = new Promise<never>(() => {})
  standIn.answer = () => never
  t.equal((await sign('a', shop, 50)).code, 'vault_timeout')
  standIn.answer = (call) => call.forward()
  t.strictSame(await codesOf(['b']), ['good b'])
  t.strictSame(codes, ['vault_timeout', 'ok'])
})

t.test('nobody is signed for who stopped waiting while the session logged in', async (t) => {
  const fresh = Promise.withResolvers<void>()
  const slow = new VaultSession(
    client,
    { method: 'token', ownsToken: false, login: () => fresh.promise.then(login) },
    pino({ level: 'silent' }),
  )
  signerOf()
  const signer = new TransitSigner({
    ...{ client, session: slow, breaker: new VaultBreaker(), mount: 'transit' },
    limits: { inFlight: 1, batchMax: 32, queueMax: 10 },
  })
  const digest = createHash('sha256').update('x').digest()
  const code = await signer
    .sign(digest, shop, { deadline: performance.now() + 50 })
    .catch((error: PadlockError) => error.code)
  t.equal(code, 'vault_timeout')
  fresh.resolve()
  const { signature } = await signer.sign(digest, shop, { deadline: performance.now() + 30_000 })
  t.equal(signature.length, 256)
  t.strictSame(
    standIn.calls.map((call) => batchOf(call).length),
    [1],
  )
})

t.test('one denied call makes one login for all its items', async (t) => {
  const { codesOf } = signerOf({ inFlight: 1 })
  const before = logins
  // A denial right after a login is taken for the policy's.
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  standIn.answer = (call) =>
    standIn.calls.length === 1 ? { status: 403, body: { errors: ['permission denied'] } } : call.forward()
  t.strictSame(await codesOf(texts(6)), good(texts(6)))
  t.equal(logins, before + 1)
})
