import t from 'tap'
import { but, good, keySet } from '../../support/forged-callers.ts'
import { jwksServer } from '../../support/jwks-server.ts'
import { type Answer, answerOf, codeOf, problemFaults } from '../../support/problem.ts'
import { startService, testBackend } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

const backend = await testBackend(t)
const issuer = await jwksServer(t, keySet())
const service = await startService(t, backend, {
  PADLOCK_CALLER_PUBLIC_KEY_FILE: '',
  PADLOCK_CALLER_JWKS_URL: issuer.url,
  PADLOCK_CALLER_JWKS_REFRESH_SECONDS: '1',
  PADLOCK_CALLER_JWKS_COOLDOWN_SECONDS: '1',
  PADLOCK_CALLER_JWKS_MAX_STALE_SECONDS: '8',
  PADLOCK_REQUEST_DEADLINE_MS: '1000',
})
const issue = async (token = good()): Promise<Answer> =>
  answerOf(await service.issue({ userId: 'u-1' }, { headers: { authorization: `Bearer ${token}` } }))
const ready = async () => (await fetch(`${service.url}/health/ready`)).status

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))

/** Waits for so many fetches of the key set from now on. */
async function fetches(count: number): Promise<void> {
  const before = issuer.requests
  while (issuer.requests < before + count) {
    await pause()
  }
}

/** Asks until the answer has this status; the test's time limit ends a wait for what never comes. */
async function issueUntil(status: number): Promise<Answer> {
  for (;;) {
    const answer = await issue()
    if (answer.status === status) {
      return answer
    }
    await pause()
  }
}

t.test(
  'an issuer that hangs keeps no known caller waiting, and an unknown one until the deadline',
  async (t) => {
    issuer.answer = () => {}
    const unknown = issue(but({}, { kid: 'unknown' }))
    t.equal((await issue()).status, 200)
    const answer = await unknown
    t.equal(codeOf(answer), 'caller_keys_unavailable')
    t.strictSame(problemFaults(answer), [])
    issuer.answer = undefined
  },
)

t.test('an issuer that is down locks nobody out whose key is known, for the time that is set', async (t) => {
  // The answer to the first of them has come when the second is asked for.
  await fetches(2)
  issuer.answer = (_request, response) => response.destroy()
  await fetches(2)
  t.equal((await issue()).status, 200, 'after a fetch that failed')
  const answer = await issueUntil(503)
  t.equal(codeOf(answer), 'caller_keys_unavailable')
  t.strictSame(problemFaults(answer), [])
  t.equal(await ready(), 503)
  issuer.answer = undefined
  await issueUntil(200)
  t.equal(await ready(), 200)
})

t.test('the log says that the key set could not be fetched, and whether keys are known', async (t) => {
  const lines = () => service.log.filter(({ msg }) => /key set could not be fetched/.test(msg))
  for (const known of [true, false]) {
    await until(() => lines().some(({ keysKnown }) => keysKnown === known))
  }
  for (const { reason } of lines()) {
    t.match(reason, /^[\w ]+$/)
  }
})
