import { decodeProtectedHeader } from 'jose'
import { pino } from 'pino'
import t from 'tap'
import { callerAudience, callerIssuer, issueCallerToken } from '../../../dev/callers.ts'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import { answerOf, codeOf } from '../../support/problem.ts'
import { startService, testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const { vault } = backend
const client = createVaultClient({ address: vault.address }, pino({ level: 'silent' }))
t.teardown(() => client.close())
const callerToken = () => issueCallerToken(client, vault.rootToken, 'a-password-of-the-tests')
const before = await callerToken()

const { issuer, jwksUrl } = callerIssuer(vault.address)
const service = await startService(t, backend, {
  PADLOCK_CALLER_PUBLIC_KEY_FILE: '',
  PADLOCK_CALLER_JWKS_URL: jwksUrl,
  PADLOCK_CALLER_JWKS_REFRESH_SECONDS: '1',
  PADLOCK_CALLER_ISSUER: issuer,
  PADLOCK_CALLER_AUDIENCE: callerAudience,
})
const issue = (token: string) =>
  service.issue({ userId: 'u-1' }, { headers: { authorization: `Bearer ${token}` } })
const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
/** Makes Vault sign with its next key; the old one still verifies for so long. */
const rotate = (verification_ttl: string) =>
  vault.api('POST', 'identity/oidc/key/padlock-callers/rotate', { verification_ttl })

t.test("a rotation of the issuer's key is followed without a restart", async (t) => {
  t.equal((await issue(before)).status, 200)
  const kids = new Set([decodeProtectedHeader(before).kid])
  // Vault publishes the next key ahead: only of several rotations in a row is there a key that was never seen.
  for (let i = 0; i < 3; i++) {
    await rotate('24h')
  }
  const after = await callerToken()
  kids.add(decodeProtectedHeader(after).kid)
  t.equal(kids.size, 2)
  t.equal((await issue(after)).status, 200, 'the new key, at once')
  t.equal((await issue(before)).status, 200, 'the old key, as long as the issuer publishes it')
})

t.test('a key that the issuer no longer publishes is good no longer', async (t) => {
  const token = await callerToken()
  t.equal((await issue(token)).status, 200)
  await vault.api('DELETE', 'identity/oidc/role/padlock-caller')
  t.equal((await vault.api('DELETE', 'identity/oidc/key/padlock-callers')).status, 204)
  const anew = await callerToken()
  // Within the cooldown of the test before, both come with the next refresh; the test's time limit ends the wait.
  while ((await issue(anew)).status !== 200) {
    await pause()
  }
  let answer = await issue(token)
  while (answer.status === 200) {
    await pause()
    answer = await issue(token)
  }
  t.equal(codeOf(await answerOf(answer)), 'unauthenticated')
})
