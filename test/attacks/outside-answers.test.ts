import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { PadlockError } from '../../src/errors.ts'
import { parseJwkSet } from '../../src/http/callers/jwk-set.ts'
import { countOf } from '../../src/http/limits/redis-store.ts'
import type { VaultClient } from '../../src/vault/client/client.ts'
import { checkSigningKey } from '../../src/vault/keys/signing-key.ts'
import { TransitKeys } from '../../src/vault/keys/transit-keys.ts'
import { tokenOf } from '../../src/vault/login/login-answer.ts'
import { ProfileStore } from '../../src/vault/profiles/profile-store.ts'
import { batchOutcomes } from '../../src/vault/signing/sign-call.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { jwkOf, keySet, rsa } from '../support/forged-callers.ts'
import { jwksServer } from '../support/jwks-server.ts'
import { redisStandIn } from '../support/redis-stand-in.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { standIn } from '../support/stand-in.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'

/** Answers that are broken for each source; PADLOCK_FUZZ_RUNS=1000 for more. The seed can be given too. */
const runs = Number(process.env.PADLOCK_FUZZ_RUNS ?? 60)
const seed = Number(process.env.PADLOCK_FUZZ_SEED ?? Date.now() % 2 ** 31)
const deadlineMs = 2_000
const odd = [null, true, -1, 0, 1e308, '', 'x', '\u0000', [], {}, [null], { '': [[]] }, 'x'.repeat(5_000)]
t.comment(`seed ${seed}, ${runs} answers of each source`)

/** The same value with one thing of it broken, by a number: gone, of another kind, or doubled. */
function broken(value: unknown, at: number): unknown {
  const places: [object, string][] = []
  const copy = structuredClone({ value }) as { value: unknown }
  const walk = (where: object): void => {
    for (const [name, inner] of Object.entries(where)) {
      places.push([where, name])
      if (typeof inner === 'object' && inner !== null) {
        walk(inner)
      }
    }
  }
  walk(copy)
  const [where, name] = places[at % places.length] as [Record<string, unknown>, string]
  const how = Math.floor(at / places.length) % (odd.length + 2)
  if (how === odd.length) {
    delete where[name]
  } else if (how === odd.length + 1) {
    where[name] = [where[name], where[name]]
  } else {
    where[name] = odd[how]
  }
  return copy.value
}

/** Requests while answers are odd: each has an answer of the contract, in time, and the process goes on. */
async function check(t: Test, service: TestService, what: string): Promise<void> {
  const start = performance.now()
  const answer = await service.issue({ userId: 'u-1' })
  const tookMs = performance.now() - start
  // The machine may be slow; a request that hangs takes far longer.
  if (tookMs > deadlineMs * 5) {
    t.fail(`${what}: ${tookMs} ms`)
  }
  if (service.process.exitCode !== null) {
    t.fail(`${what}: the process ended`)
  }
  if (answer.status !== 200) {
    return
  }
  const { token } = (await answer.json()) as { token: string }
  const claims = await acceptedClaims(token, service, publicKey)
  if (claims['https://iadvize.com/userId'] !== 'u-1') {
    t.fail(`${what}: a wrong token`)
  }
}

/** Answers as they are, and what reads them: it returns, or throws an error with a name of Padlock's. */
const readers: Readonly<Record<string, [good: unknown, read: (answer: unknown) => unknown]>> = {
  login: [
    {
      auth: {
        client_token: 's.x',
        lease_duration: 60,
        renewable: true,
        metadata: { role_name: 'a' },
        token_type: 'batch',
      },
    },
    tokenOf,
  ],
  'signing call': [
    {
      data: {
        batch_results: [
          { signature: 'vault:v1:AAAA', key_version: 1, reference: 'a' },
          { error: 'x', reference: 'b' },
        ],
      },
    },
    (answer) => batchOutcomes(answer, 2),
  ],
  'transit key': [
    {
      data: {
        ...{ type: 'rsa-2048', exportable: false, allow_plaintext_backup: false, deletion_allowed: false },
        ...{ latest_version: 1, min_encryption_version: 0, min_decryption_version: 1 },
        keys: { 1: { public_key: 'x', creation_time: '2026-01-01T00:00:00Z' } },
      },
    },
    async (answer) =>
      checkSigningKey(
        await new TransitKeys({ read: async () => answer } as unknown as VaultClient, 'transit').read('k'),
      ),
  ],
  'list of profiles': [
    { data: { keys: ['default', 'shop'] } },
    (answer) => new ProfileStore({ list: async () => answer } as unknown as VaultClient, 'secret').list(),
  ],
  'JWK Set': [{ keys: keySet() }, parseJwkSet],
  'count of Redis': [[1, 1_000], (answer) => countOf(answer, 1_000)],
}
const ownErrors = ['PadlockError', 'VaultError', 'KeySetError', 'OddCountError']

t.test('every reader of an answer returns or says no, whatever is broken', async (t) => {
  const many = fc.sample(fc.nat(2 ** 30), { numRuns: runs * 20, seed })
  for (const [name, [good, read]] of Object.entries(readers)) {
    const wrong = new Set<string>()
    for (const at of many) {
      try {
        await read(broken(good, at))
      } catch (error) {
        if (!(error instanceof PadlockError) && !ownErrors.includes((error as Error).name)) {
          wrong.add(`${at}: ${(error as Error).stack}`)
        }
      }
    }
    t.strictSame([...wrong].slice(0, 3), [], name)
  }
  t.comment(`${many.length} broken answers to each of ${Object.keys(readers).length} readers`)
})

const backend = await testBackend(t)
// From Vault itself: the service publishes none while an answer about its profile is broken.
const { body } = await backend.vault.api('GET', 'transit/keys/padlock-default')
const publicKey = createPublicKey(body.data.keys['1'].public_key)
const numbers = fc.sample(fc.nat(2 ** 30), { numRuns: runs, seed })

t.test('Vault: one thing of an answer broken, of every call that the service makes', async (t) => {
  const vault = await vaultStandIn(t, backend.vault.address)
  const service = await startService(t, backend, {
    VAULT_ADDR: vault.address,
    PADLOCK_PROFILE_REFRESH_SECONDS: '1',
  })
  const paths = new Set<string>()
  const breakAnswers = (at: number) => {
    vault.answer = async (call) => {
      const answer = await call.forward()
      paths.add(call.path.replace(/\?.*/, ''))
      return { ...answer, body: broken(answer.body, at) }
    }
    return check(t, service, `vault ${at}`)
  }
  for (const at of numbers) {
    await breakAnswers(at)
  }
  // The calls that the service makes by itself come once a second, and not all of them after an answer that says nothing.
  for (let i = 0; paths.size < 4; i++) {
    await breakAnswers(numbers[i % runs] as number)
  }
  t.comment(`Vault: ${vault.calls.length} broken answers, of ${[...paths].join(', ')}`)
  t.equal(service.process.exitCode, null)
})

t.test('JWK Set: one thing of it broken', async (t) => {
  const issuer = await jwksServer(t, [...keySet(), jwkOf(rsa.publicKey, 'other')])
  let at = 0
  const service = await startService(t, backend, {
    ...{ PADLOCK_CALLER_PUBLIC_KEY_FILE: '', PADLOCK_CALLER_JWKS_URL: issuer.url },
    PADLOCK_CALLER_JWKS_REFRESH_SECONDS: '1',
    PADLOCK_CALLER_JWKS_COOLDOWN_SECONDS: '1',
  })
  issuer.answer = (_request, response) => {
    response.end(JSON.stringify(broken({ keys: issuer.keys }, numbers[at++ % runs] as number)))
  }
  for (const number of numbers.slice(0, 30)) {
    await check(t, service, `jwks ${number}`)
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  t.comment(`JWK Set: ${at} broken answers`)
  t.equal(service.process.exitCode, null)
})

t.test('Redis: one byte of an answer broken', async (t) => {
  const redis = await redisStandIn(t)
  const service = await startService(t, backend, {
    ...{ PADLOCK_RATE_LIMIT_PER_SECOND: '1000', PADLOCK_REDIS_URL: redis.url },
  })
  const good = '*2\r\n:1\r\n:1000\r\n'
  for (const number of numbers) {
    const bytes = Buffer.from(good.repeat(1 + (number % 2)))
    bytes[number % bytes.length] = Math.floor(number / bytes.length) % 256
    redis.answer = bytes
    redis.greeting = number % 7 === 0 ? bytes : ''
    await check(t, service, `redis ${number}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.comment(`Redis: ${redis.asked} broken answers`)
  t.equal(service.process.exitCode, null)
})

t.test('Collector: any status and any body', async (t) => {
  let at = 0
  const collector = await standIn(t, (_request, response) => {
    const number = numbers[at++ % runs] as number
    const body = Buffer.alloc(number % 100_000, number % 256)
    response.writeHead([200, 204, 302, 400, 429, 500, 503][number % 7] as number, {
      'content-type': number % 2 ? 'application/json' : 'application/x-protobuf',
      'retry-after': String((number % 5) - 2),
    })
    response.end(body)
  })
  const service = await startService(t, backend, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  })
  for (const number of numbers.slice(0, 20)) {
    await check(t, service, `collector ${number}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.ok(at > 0)
  t.comment(`Collector: ${at} odd answers`)
  t.equal(service.process.exitCode, null)
})
