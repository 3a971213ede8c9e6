import t from 'tap'
import { callerFaults } from '../../src/errors.ts'
import { attacks } from '../support/caller-attacks.ts'
import { but, good, jwkOf, keySet, other, rsa } from '../support/forged-callers.ts'
import { jwksServer } from '../support/jwks-server.ts'
import { startService, testBackend } from '../support/service.ts'

/** The fault of each attack, by its name; the first line that matches. */
const expected: readonly (readonly [RegExp, string])[] = [
  [/^(no value|no token|a blank token|a password|another scheme|no scheme)$/, 'no_token'],
  [/^alg (none \(0\)|nOnE \(2\))$|^no signature$/, 'malformed'],
  [
    /^(two|one|four|five) |^padding|^standard base64|^a signature with|^a header that|^a payload /,
    'malformed',
  ],
  [/^sub "s{10}|long a? ?token$/, 'too_long'],
  [/^alg |^HS\d|^RS256 with the EC|^ES256 with the RSA|^ES384 with|^EdDSA with/, 'algorithm'],
  [/crit/, 'critical_header'],
  [/^header typ /, 'token_type'],
  [/^header kid (""|7|null|\[|\{|"k{10})/, 'malformed'],
  [/^header kid |^kid that/, 'unknown_key'],
  [/^(signed|PS256|RS256|ES256|EdDSA|half a|a signature|the signature) /, 'signature'],
  [/with a key of its own$|by another key$|^iss that is an address$/, 'signature'],
  [/^iss /, 'issuer'],
  [/^aud /, 'audience'],
  [/^sub /, 'subject_missing'],
  [/^exp (0|-1|1\d{9})$/, 'expired'],
  [/^(nbf|iat) (1e20|100000000000000000000)$/, 'not_yet_valid'],
  [/^exp 100000000000000000000$/, 'life_too_long'],
  [/^exp /, 'expiry_missing'],
  [/^(nbf|iat) (null|"|-1|\[|\{)/, 'malformed'],
]

const backend = await testBackend(t)
const issuerKeys = await jwksServer(t, [
  ...keySet(),
  jwkOf(rsa.publicKey, 'twice'),
  jwkOf(other.publicKey, 'twice'),
])
const bait = await jwksServer(t, [jwkOf(other.publicKey, 'rsa')])
const service = await startService(t, backend, {
  PADLOCK_CALLER_PUBLIC_KEY_FILE: '',
  PADLOCK_CALLER_JWKS_URL: issuerKeys.url,
})
const counts: Record<string, number> = {}

/** Sends a request and gives its line in the log, and the answer without its id. */
async function refusal(authorization: string) {
  const headers = { authorization, 'content-type': 'application/json' }
  const url = `${service.url}/v1/profiles/default/tokens`
  const answer = await fetch(url, { method: 'POST', headers, body: '{"userId":"u-1"}' })
  const { requestId, ...problem } = (await answer.json()) as { requestId: string }
  const line = await service.logged({ reqId: requestId, msg: 'request' })
  if (line.callerFault !== undefined) {
    counts[line.callerFault] = (counts[line.callerFault] ?? 0) + 1
  }
  return { line, problem }
}

t.test('why a caller was refused is in the log and in the metric, and never in the answer', async (t) => {
  const problems = new Set<string>()
  const all = {
    ...attacks(bait.url),
    'a kid that two keys have': `Bearer ${but({}, { kid: 'twice' })}`,
    'a life that is too long': `Bearer ${but({ exp: Date.now() / 1000 + 90_000, iat: undefined })}`,
  }
  for (const [what, authorization] of Object.entries(all)) {
    const { line, problem } = await refusal(authorization)
    problems.add(JSON.stringify(problem))
    const wanted =
      { 'a kid that two keys have': 'ambiguous_key', 'a life that is too long': 'life_too_long' }[what] ??
      expected.find(([pattern]) => pattern.test(what))?.[1]
    // Times are in the names: one of exp, and those of nbf and iat.
    const times = /^(exp|nbf|iat) 1\d{9}$/.test(what)
      ? ['expired', 'not_yet_valid', 'life_too_long']
      : [wanted]
    t.ok(times.includes(line.callerFault), `${what}: ${line.callerFault}`)
    t.ok(callerFaults.includes(line.callerFault), 'a fault of the closed list')
    const parts = authorization.split(/[ .]/).filter((part) => part.length > 20)
    t.notOk(
      parts.some((part) => JSON.stringify(line).includes(part)),
      'no part of the token is in the line',
    )
  }
  t.equal(problems.size, 1, 'the answer is the same for all')
  t.equal(bait.requests, 0, 'nothing was fetched because a token named it')
  t.comment(`${Object.keys(all).length} callers refused, by reason: ${JSON.stringify(counts)}`)
})

t.test('the line of a 403 has the profile and that the scope lacks it', async (t) => {
  const { line, problem } = await refusal(`Bearer ${but({ scope: 'issue:other' })}`)
  t.match(line, {
    status: 403,
    code: 'forbidden',
    profile: 'default',
    callerFault: 'scope',
    sub: 'shop',
  })
  t.notMatch(JSON.stringify(problem), /callerFault|scope/)
  const text = await (await fetch(`${service.url}/metrics`)).text()
  for (const fault of callerFaults) {
    const value = new RegExp(`padlock_caller_refusals_total\\{fault="${fault}"\\} (\\d+)`).exec(text)?.[1]
    t.equal(Number(value), counts[fault] ?? 0, fault)
  }
})

t.test('a flood of refused callers has a bounded number of lines, and each is counted', async (t) => {
  const before = service.log.length
  const headers = { authorization: 'Bearer a.b.c' }
  for (let i = 0; i < 40; i++) {
    await Promise.all(Array.from({ length: 50 }, () => service.issue({ userId: 'u-1' }, { headers })))
  }
  const summary = await service.logged({ msg: 'more requests of refused callers, the first for this fault' })
  t.match(summary, { callerFault: 'malformed', count: Number })
  const seconds = (Date.parse(service.log.at(-1).time) - Date.parse(service.log[before].time)) / 1_000
  const lines = service.log.length - before
  t.ok(lines <= (seconds + 2) * 101 + 1 && lines < 2_000, `${lines} lines in ${seconds} s`)
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const malformed = /padlock_caller_refusals_total\{fault="malformed"\} (\d+)/.exec(text)?.[1]
  t.equal(Number(malformed), (counts.malformed ?? 0) + 2_000)
  t.equal(
    (await service.issue({ userId: 'u-1' }, { headers: { authorization: `Bearer ${good()}` } })).status,
    200,
  )
})
