import { rm, writeFile } from 'node:fs/promises'
import t from 'tap'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const { api, credentials } = subject
const service = await startService(t, subject)
const ground = {
  load: { urls: [service.url], token: await subject.callers.token() },
  recipient: subject.recipient,
  auditLog: vault.auditLog,
}

/** Revokes every token that the service's role has given out, as an operator would after a leak. */
const revokeTokens = () => api('PUT', 'sys/leases/revoke-prefix/auth/approle/login')
const rolePath = `auth/approle/role/${credentials.role}`

t.test('the token is revoked', (t) =>
  tryFault(t, ground, {
    fault: "Padlock's Vault token revoked",
    codes: [],
    cause: revokeTokens,
    lastsMs: 1_500,
    cure: async () => {},
    afterMs: 3_000,
  }),
)

t.test('the role is deleted with its tokens, and restored', async (t) => {
  const { data: role } = (await api('GET', rolePath)).body
  await tryFault(t, ground, {
    fault: 'Login role deleted with its tokens, and restored',
    codes: ['vault_denied'],
    async cause() {
      await api('DELETE', rolePath)
      await revokeTokens()
    },
    lastsMs: 4_000,
    async cure() {
      const given = Object.entries(role).filter(([, value]) => value !== null)
      await api('POST', rolePath, Object.fromEntries(given))
      const roleId = (await api('GET', `${rolePath}/role-id`)).body.data.role_id
      const secretId = (await api('POST', `${rolePath}/secret-id`)).body.data.secret_id
      await writeFile(credentials.roleIdFile, roleId)
      await writeFile(credentials.secretIdFile, secretId)
    },
  })
})

t.test('the secret_id is spent when a login is due, and a new one put in its place', (t) =>
  tryFault(t, ground, {
    fault: 'secret_id spent and the token revoked; a new secret_id put into its file',
    codes: ['vault_denied'],
    async cause() {
      await rm(credentials.secretIdFile)
      await writeFile(credentials.secretIdFile, '00000000-0000-0000-0000-000000000000')
      await revokeTokens()
    },
    lastsMs: 4_000,
    async cure() {
      const { secret_id } = (await api('POST', `${rolePath}/secret-id`)).body.data
      await writeFile(credentials.secretIdFile, secret_id)
    },
  }),
)
