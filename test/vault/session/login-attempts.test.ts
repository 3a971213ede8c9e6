import { pino } from 'pino'
import t from 'tap'
import { PadlockError } from '../../../src/errors.ts'
import type { Login } from '../../../src/vault/login/login.ts'
import { LoginAttempts } from '../../../src/vault/session/login-attempts.ts'

t.test('a login that keeps failing says so again, once a minute', async (t) => {
  // No real one: the clock stands still and jumps, which no call to Vault would bear.
  const login: Login = {
    method: 'approle',
    ownsToken: true,
    login: async () => {
      throw new PadlockError('vault_denied')
    },
  }
  let now = 0
  t.intercept(performance, 'now', { value: () => now })
  const lines: { code: string; msg: string }[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  const nothing = { adopt: () => {}, hasToken: () => false, begins: () => {} }
  const attempts = new LoginAttempts({ login, log, ...nothing })
  t.teardown(() => attempts.stop())
  const linesAfterFailureAt = async (seconds: number) => {
    now = seconds * 1_000
    await t.rejects(attempts.request(true))
    return lines.length
  }
  t.equal(await linesAfterFailureAt(0), 1)
  t.equal(await linesAfterFailureAt(59), 1, 'not at each attempt')
  t.equal(await linesAfterFailureAt(60), 2)
  t.equal(await linesAfterFailureAt(119), 2)
  t.equal(await linesAfterFailureAt(120), 3)
  t.match(lines.at(-1), { code: 'vault_denied', msg: /^cannot log in to Vault, will try again: / })
})
