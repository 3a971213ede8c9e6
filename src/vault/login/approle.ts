import type { Config } from '../../config.ts'
import { PadlockError } from '../../errors.ts'
import { type VaultClient, VaultError } from '../client.ts'
import type { Login, LoginLog } from '../login.ts'
import { lookUpSecretId } from '../secret-id.ts'
import { credential } from './credential.ts'
import { loginError, tokenOf } from './login-answer.ts'
import { RefusedSecretId } from './refused-secret-id.ts'
import { WrappedSecretId } from './wrapped-secret-id.ts'

/** The role that `padlock setup` makes. */
const standardRole = 'padlock'

const said = (error: unknown, words: RegExp): boolean =>
  error instanceof VaultError && error.vaultMessages.some((message) => words.test(message))

/** Logs in with a role_id and a secret_id (Vault API, "AppRole auth method"). */
export function appRoleLogin(client: VaultClient, config: Config, log: LoginLog): Login {
  const mount = config.PADLOCK_VAULT_AUTH_MOUNT ?? 'approle'
  const path = `auth/${mount}/login`
  const wrappedFile = config.PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE
  const role = config.PADLOCK_VAULT_ROLE ?? standardRole
  const wrapped =
    wrappedFile === undefined
      ? undefined
      : new WrappedSecretId(client, wrappedFile, `auth/${mount}/role/${role}/secret-id`, log)
  const refused = new RefusedSecretId()
  let inUse: string | undefined

  const roleIdOf = () =>
    credential('PADLOCK_VAULT_ROLE_ID_FILE', config.PADLOCK_VAULT_ROLE_ID, config.PADLOCK_VAULT_ROLE_ID_FILE)
  const secretIdOf = () =>
    wrapped?.secretId() ??
    credential(
      'PADLOCK_VAULT_SECRET_ID_FILE',
      config.PADLOCK_VAULT_SECRET_ID,
      config.PADLOCK_VAULT_SECRET_ID_FILE,
    )

  /** Asks without a secret_id, which Vault does not count as a failed login: is there such a role? */
  async function roleIsThere(roleId: string, options: object): Promise<boolean> {
    try {
      await client.write(path, { role_id: roleId }, options)
      return true
    } catch (error) {
      if (said(error, /missing secret_id/)) return true
      if (said(error, /invalid role/)) return false
      throw loginError(error, mount, lockedOut)
    }
  }

  const lockedOut = 'Vault has locked the role_id after failed logins, or there is no AppRole method there.'
  const spent = () =>
    new PadlockError('vault_denied', {
      detail:
        'Vault does not take the secret_id: it is wrong, spent, destroyed or has run out. Deliver a new one.',
    })

  return {
    method: 'approle',
    ownsToken: true,
    files: [
      config.PADLOCK_VAULT_ROLE_ID_FILE,
      config.PADLOCK_VAULT_SECRET_ID_FILE,
      config.PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE,
    ].filter((file) => file !== undefined),
    async login(options) {
      const [role_id, secret_id] = [await roleIdOf(), await secretIdOf()]
      if (!refused.mayTry(secret_id)) {
        if (await roleIsThere(role_id, options)) throw spent()
        refused.forget()
      }
      try {
        const token = tokenOf(await client.write(path, { role_id, secret_id }, options))
        refused.forget()
        inUse = secret_id
        return token
      } catch (error) {
        if (said(error, /invalid role|invalid secret_id/)) {
          if (!(await roleIsThere(role_id, options))) {
            throw loginError(error, mount, 'there is no role with this role_id.')
          }
          refused.add(secret_id)
          throw spent()
        }
        const why = said(error, /CIDR/)
          ? "this machine's address is not among those that the role or the secret_id is bound to."
          : lockedOut
        throw loginError(error, mount, why)
      }
    },
    async secretIdTtl({ token, roleName }) {
      const path = { mount, name: roleName ?? role }
      const state = await lookUpSecretId(client, path, inUse as string, { token })
      if (state === undefined) return 0
      if (state.expiresAt === undefined) return Number.POSITIVE_INFINITY
      return Math.max(0, Math.round((state.expiresAt.getTime() - Date.now()) / 1000))
    },
  }
}
