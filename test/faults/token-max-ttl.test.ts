import t from 'tap'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)

t.test('the token cannot live longer than 20 seconds', async (t) => {
  // A periodic token would be renewed for ever.
  const life = { token_period: 0, token_ttl: '20s', token_max_ttl: '20s' }
  await subject.api('POST', `auth/approle/role/${subject.credentials.role}`, life)
  const service = await startService(t, subject)
  const token = await subject.callers.token()
  await tryFault(
    t,
    { load: { urls: [service.url], token, perSecond: 20 }, recipient: subject.recipient },
    {
      fault: "Padlock's Vault token at its max TTL of 20 s, again and again for two minutes",
      codes: [],
      cause: async () => {},
      lastsMs: 120_000,
      cure: async () => {},
      afterMs: 2_500,
    },
  )
  const logins = service.log.filter(({ msg }) => msg === 'logged in to Vault').length
  t.ok(logins >= 6, `it ended and was replaced (${logins} logins)`)
  t.ok(logins < 20, 'no more often than that')
})
