import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type ErrorCode, errorCodes } from '../../../src/errors.ts'
import { type Answer, answerOf, codeOf, problemFaults } from '../../support/problem.ts'
import { answerTo, rawPost } from '../../support/raw-http.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'
import { until } from '../../support/wait.ts'

/** Codes that only other parts, or other settings, can show, and the test that shows each. */
const elsewhere: Partial<Record<ErrorCode, string>> = {
  user_id_shared: '../routes/shared-user-id.test.ts',
  rate_limited: '../limits/limits.test.ts',
  shutting_down: '../connections/drain.test.ts',
  caller_keys_unavailable: '../callers/issuer-down.test.ts',
  issuance_log_unavailable: '../../issuance/issuance.test.ts',
  vault_denied: '../vault-faults.test.ts',
  vault_throttled: '../vault-faults.test.ts',
  internal_error: 'problem.test.ts',
}

const backend = await testBackend(t)
const { vault } = backend
await backend.addProfile('broken', { userIdPattern: '(' })
for (const name of ['disabled', 'deleted']) {
  await backend.addProfile(name)
}
const stand = await vaultStandIn(t, vault.address)
const service = await startService(
  t,
  { ...backend, env: { ...backend.env, VAULT_ADDR: stand.address } },
  {
    PADLOCK_REQUEST_DEADLINE_MS: '1000',
    PADLOCK_PROFILE_REFRESH_SECONDS: '3600',
    PADLOCK_SIGN_QUEUE_MAX: '1',
    PADLOCK_SIGN_IN_FLIGHT: '1',
    PADLOCK_SIGN_BATCH_MAX: '1',
  },
)
const reached = new Set<ErrorCode>(Object.keys(elsewhere) as ErrorCode[])

const issue = async (body: unknown = { userId: 'u-1' }, options = {}) =>
  answerOf(await service.issue(body, options))
const other = (scope: string) => backend.callers.token({ scope })

async function reaches(t: Test, code: ErrorCode, answer: Promise<Answer>): Promise<void> {
  const given = await answer
  t.equal(codeOf(given), code)
  t.strictSame(problemFaults(given), [], code)
  reached.add(code)
}

t.test('a request that is wrong gets the code of what is wrong', async (t) => {
  const authorization = `Authorization: Bearer ${await backend.callers.token()}`
  await reaches(t, 'invalid_json', issue('{'))
  await reaches(t, 'invalid_request', issue({}))
  await reaches(t, 'unauthenticated', issue({}, { headers: { authorization: 'Bearer x' } }))
  await reaches(t, 'forbidden', issue({}, { headers: { authorization: `Bearer ${await other('issue:x')}` } }))
  await reaches(t, 'profile_not_found', issue({}, { profile: 'nowhere' }))
  await reaches(t, 'not_found', fetch(`${service.url}/nowhere`).then(answerOf))
  await reaches(t, 'method_not_allowed', fetch(`${service.url}/v1/profiles/default/tokens`).then(answerOf))
  await reaches(t, 'not_acceptable', issue({}, { headers: { accept: 'text/html' } }))
  await reaches(t, 'unsupported_media_type', issue('', { headers: { 'content-type': 'text/plain' } }))
  await reaches(t, 'payload_too_large', issue(' '.repeat(20_000)))
  await reaches(t, 'head_too_large', answerTo(service.url, [rawPost([`X: ${'a'.repeat(70_000)}`])]))
  const unfinished = rawPost([authorization, 'Content-Type: application/json', 'Content-Length: 20'])
  await reaches(t, 'request_timeout', answerTo(service.url, [unfinished]))
})

t.test('a Vault that cannot sign gets its requests the code of why', async (t) => {
  await vault.api('POST', 'transit/keys/padlock-disabled/rotate')
  await vault.api('POST', 'transit/keys/padlock-disabled/config', { min_encryption_version: 2 })
  await reaches(t, 'key_version_disabled', issue(undefined, { profile: 'disabled' }))
  await vault.api('POST', 'transit/keys/padlock-deleted/config', { deletion_allowed: true })
  await vault.api('DELETE', 'transit/keys/padlock-deleted')
  await reaches(t, 'signing_key_missing', issue(undefined, { profile: 'deleted' }))
  await reaches(t, 'profile_unusable', issue(undefined, { profile: 'broken' }))
  stand.answer = async (call) => {
    const { status, body } = await call.forward()
    return { status, body: JSON.parse(JSON.stringify(body).replaceAll('vault:v1:', 'vault:v2:')) }
  }
  await reaches(t, 'signature_invalid', issue())
  stand.answer = (call) => call.forward()

  vault.process.kill('SIGSTOP')
  // Not all of its threads stop at once (proc(5): T is stopped).
  await until(() => /\) T /.test(readFileSync(`/proc/${vault.process.pid}/stat`, 'utf8')))
  // One signature is asked for, one waits; there is no place for more.
  const answers = await Promise.all(Array.from({ length: 10 }, () => issue()))
  vault.process.kill('SIGCONT')
  const by = (code: ErrorCode) => answers.find((answer) => codeOf(answer) === code) as Answer
  t.strictSame(new Set(answers.map(codeOf)), new Set(['overloaded', 'vault_timeout']))
  await reaches(t, 'overloaded', Promise.resolve(by('overloaded')))
  await reaches(t, 'vault_timeout', Promise.resolve(by('vault_timeout')))

  await vault.api('PUT', 'sys/seal')
  await reaches(t, 'vault_sealed', issue())
  stand.answer = () => 'reset'
  await reaches(t, 'vault_unavailable', issue())
})

t.test(
  'each code that the program can answer with is reached, here or in the test that is named',
  async (t) => {
    const src = new URL('../../../src/', import.meta.url)
    const lists = /^(errors|http\/contract\/openapi)\.ts$/
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    const program = files
      .filter((file) => file.endsWith('.ts') && !lists.test(file))
      .map((file) => readFileSync(new URL(file, src), 'utf8'))
      .join('\n')
    const used = Object.keys(errorCodes).filter((code) => program.includes(`'${code}'`))
    t.strictSame([...reached].sort(), used.sort())
    for (const [code, file] of Object.entries(elsewhere)) {
      t.match(readFileSync(new URL(file, import.meta.url), 'utf8'), code, file)
    }
  },
)
