import t from 'tap'
import type { ErrorCode } from '../../src/errors.ts'
import { type Answer, answerOf, codeOf, problemFaults } from '../support/problem.ts'
import { startService, testBackend } from '../support/service.ts'
import { standIn } from '../support/stand-in.ts'
import { type StandInAnswer, type StandInCall, vaultStandIn } from '../support/vault-stand-in.ts'
import { until } from '../support/wait.ts'

const deadlineMs = 1_500
const backend = await testBackend(t)
await backend.addProfile('other')
const vault = await vaultStandIn(t, backend.vault.address)
const service = await startService(
  t,
  { ...backend, env: { ...backend.env, VAULT_ADDR: vault.address } },
  { PADLOCK_REQUEST_DEADLINE_MS: String(deadlineMs) },
)
const elsewhere = await standIn(t, (_request, response) => response.end('{"data":{}}'))

const isSign = ({ path }: StandInCall) => path.startsWith('transit/sign/')
const healthy = vault.answer
/** Answers the calls that sign, and leaves the others to Vault. */
function answerSigning(answer: (call: StandInCall) => StandInAnswer | Promise<StandInAnswer>): void {
  vault.answer = (call) => (isSign(call) ? answer(call) : call.forward())
}

const visitor = { userId: 'canary-user', visitorData: { email: 'canary@shop.test', city: 'canary-city' } }
const issue = async (): Promise<Answer> => answerOf(await service.issue(visitor))

// biome-ignore lint/suspicious/noExplicitAny: one result of a batch, whatever Vault sent.
type Result = any
/** Vault's own answer with its results changed. */
const changed =
  (change: (result: Result) => unknown) =>
  async (call: StandInCall): Promise<StandInAnswer> => {
    const { status, body } = await call.forward()
    return { status, body: { ...body, data: { batch_results: body.data.batch_results.map(change) } } }
  }
/** Vault's signature with one bit of its bytes changed. */
function flipped(signature: string): string {
  const bytes = Buffer.from(signature.replace('vault:v1:', ''), 'base64url')
  bytes[100] = (bytes[100] as number) ^ 1
  return `vault:v1:${bytes.toString('base64url')}`
}
const refusal = (status: number, error = 'canary-vault-text') => ({ status, body: { errors: [error] } })
const text = (status: number, body: string, headers = {}) => ({ status, headers, text: body })

type Case = [
  what: string,
  code: ErrorCode,
  answer: (call: StandInCall) => StandInAnswer | Promise<StandInAnswer>,
]
const cases: Case[] = [
  [
    'one bit of the signature flipped',
    'signature_invalid',
    changed((r) => ({ ...r, signature: flipped(r.signature) })),
  ],
  [
    'a signature of zeros',
    'signature_invalid',
    changed((r) => ({ ...r, signature: `vault:v1:${'A'.repeat(342)}` })),
  ],
  ['the signature of another key', 'signature_invalid', signedByOther],
  [
    'another version',
    'signature_invalid',
    changed((r) => ({ ...r, signature: r.signature.replace('v1', 'v2') })),
  ],
  [
    'a version past all bounds',
    'signature_invalid',
    changed((r) => ({ ...r, signature: r.signature.replace('v1', 'v99999999999999999999') })),
  ],
  [
    'no version',
    'signature_invalid',
    changed((r) => ({ ...r, signature: r.signature.replace('vault:v1:', '') })),
  ],
  ['an empty signature', 'signature_invalid', changed((r) => ({ ...r, signature: 'vault:v1:' }))],
  ['a signature that is a number', 'signature_invalid', changed((r) => ({ ...r, signature: 7 }))],
  ["another one's signature", 'signature_invalid', changed((r) => ({ ...r, reference: 'canary' }))],
  ['no result', 'signature_invalid', changed(() => null)],
  ['no data', 'signature_invalid', () => ({ status: 200, body: { data: null } })],
  ['no object', 'signature_invalid', () => ({ status: 200, body: [] })],
  ['nothing', 'signature_invalid', () => ({ status: 204, body: undefined })],
  ['garbage', 'vault_unavailable', () => text(200, '<html>canary-vault-text</html>')],
  [
    'JSON cut short',
    'vault_unavailable',
    () => text(200, '{"data":{"batch_results":[{"signature":"vault:v1:'),
  ],
  ['an answer of 17 MiB', 'vault_unavailable', () => text(200, `{"a":"${'x'.repeat(17 * 1024 * 1024)}"}`)],
  [
    'a redirect',
    'vault_unavailable',
    () => text(307, '', { location: `${elsewhere.url}/v1/transit/sign/x` }),
  ],
  ['a connection that breaks', 'vault_unavailable', () => 'reset'],
  ['500', 'vault_unavailable', () => refusal(500)],
  ['502 of a balancer', 'vault_unavailable', () => text(502, '<html>canary-vault-text</html>')],
  ['503 of a balancer', 'vault_unavailable', () => text(503, '<html>canary-vault-text</html>')],
  ['412', 'vault_unavailable', () => refusal(412)],
  ['472', 'vault_unavailable', () => refusal(472)],
  ['473', 'vault_unavailable', () => refusal(473)],
  ['sealed', 'vault_sealed', () => refusal(503, 'Vault is sealed')],
  ['403', 'vault_denied', () => refusal(403)],
  ['429', 'vault_throttled', () => refusal(429)],
  ['429 of a balancer', 'vault_throttled', () => text(429, '<html>canary-vault-text</html>')],
  ['no such key', 'signing_key_missing', () => refusal(400, 'encryption key not found')],
  ['no such mount', 'signing_key_missing', () => refusal(404, 'no handler for route "canary-vault-text"')],
  ['any other refusal', 'signing_key_missing', () => refusal(418)],
  [
    'a disabled version',
    'key_version_disabled',
    () => refusal(400, 'requested version for signing is less than the minimum encryption key version'),
  ],
  [
    'a refusal inside the batch',
    'signing_key_missing',
    changed((r) => ({ reference: r.reference, error: 'canary-vault-text' })),
  ],
  [
    'a disabled version inside the batch',
    'key_version_disabled',
    changed((r) => ({
      reference: r.reference,
      error: 'requested version for signing is less than the minimum encryption key version',
    })),
  ],
  ['no answer', 'vault_timeout', () => new Promise(() => {})],
]

/** What Vault answers when it is asked for another key's signature of the same digest. */
async function signedByOther(call: StandInCall): Promise<StandInAnswer> {
  const { status, body } = await backend.vault.api('POST', 'transit/sign/padlock-other/sha2-256', call.body)
  return { status, body }
}

for (const [what, code, answer] of cases) {
  t.test(`Vault answers with ${what}: ${code}, and no token leaves`, async (t) => {
    answerSigning(answer)
    const start = performance.now()
    const given = await issue()
    t.equal(codeOf(given), code)
    t.strictSame(problemFaults(given), [])
    t.notOk('token' in JSON.parse(given.body))
    t.notMatch(given.body, /canary/)
    // Generous: what would fail here is a request without any deadline.
    t.ok(performance.now() - start < 5 * deadlineMs)
    vault.answer = healthy
    t.equal((await issue()).status, 200, 'the next one is served')
  })
}

t.test('a Vault that answers nobody holds nobody up past the deadline', async (t) => {
  answerSigning(() => new Promise(() => {}))
  const answers = await Promise.all(Array.from({ length: 100 }, issue))
  const codes = answers.map(codeOf)
  t.ok(codes.includes('vault_timeout'))
  // Who comes later, or while the event loop is late, is not even kept waiting.
  const known = ['vault_timeout', 'vault_unavailable', 'overloaded']
  t.strictSame(
    codes.filter((code) => !known.includes(code as string)),
    [],
  )
  vault.answer = healthy
  await until(async () => (await issue()).status === 200)
})

t.test('while Vault is sealed, callers are refused at once, and readiness and metrics tell it', async (t) => {
  const stateIs = async (state: string) =>
    (await (await fetch(`${service.url}/metrics`)).text()).includes(
      `padlock_vault_breaker_state{state="${state}"} 1`,
    )
  t.ok(await stateIs('closed'))
  answerSigning(() => refusal(503, 'Vault is sealed'))
  // Callers go on asking: metrics are collected once a second, and the breaker is open for a quarter of one.
  let asking = true
  const callers = (async () => {
    while (asking) {
      t.equal(codeOf(await issue()), 'vault_sealed')
    }
  })()
  await until(() => stateIs('open'))
  asking = false
  await callers
  const calls = vault.calls.filter(isSign).length
  const refused = await issue()
  t.equal(codeOf(refused), 'vault_sealed')
  t.strictSame(problemFaults(refused), [])
  t.ok(vault.calls.filter(isSign).length <= calls + 1, 'a single call at the most')
  vault.answer = healthy
  await until(async () => (await issue()).status === 200)
  await until(() => stateIs('closed'))
  t.match(await (await fetch(`${service.url}/health/ready`)).json(), {
    components: { vault: { status: 'ok', breaker: 'closed' } },
  })
  t.ok(await service.logged({ msg: 'Vault serves again' }))
})

t.test('nothing of the visitor and no word of Vault stands in any answer or in the log', async (t) => {
  t.equal(elsewhere.requests.length, 0, 'no redirect was followed')
  t.notMatch(JSON.stringify(service.log), /canary/)
  t.ok(service.log.length > cases.length, 'and the log is there')
})
