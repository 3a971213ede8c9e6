import { refused } from '../../../cli/exit.ts'
import { AppRole, listRoles, type RolePath } from '../../../vault/admin/app-role.ts'
import type { Mount } from '../../../vault/admin/mounts.ts'
import type { VaultClient } from '../../../vault/client/client.ts'

/** Finds out whether a role_id or a secret_id in a file is what another service logs in with. */
export class OtherCredentials {
  readonly #client: VaultClient
  readonly #methods: Map<string, Mount>
  readonly #own: RolePath

  /** @param own the role that is set up: of its credentials nothing is refused */
  constructor(client: VaultClient, methods: Map<string, Mount>, own: RolePath) {
    this.#client = client
    this.#methods = methods
    this.#own = own
  }

  /** @throws CommandError with exit code 1 for a role_id of another role */
  refuseRoleId(file: string, roleId: string): Promise<void> {
    return this.#refuse(file, async (role) => (await role.readId()) === roleId)
  }

  /** @throws CommandError with exit code 1 for a secret_id that works for another role */
  refuseSecretId(file: string, secretId: string): Promise<void> {
    return this.#refuse(file, async (role) => (await role.secretIds.lookUp(secretId)) !== undefined)
  }

  async #refuse(file: string, isOf: (role: AppRole) => Promise<boolean>): Promise<void> {
    for (const [mount, { type }] of this.#methods) {
      if (type !== 'approle') {
        continue
      }
      for (const name of await listRoles(this.#client, mount)) {
        if (mount === this.#own.mount && name === this.#own.name) {
          continue
        }
        if (!(await isOf(new AppRole(this.#client, { mount, name })))) {
          continue
        }
        throw refused(
          `${file} holds a credential of the AppRole role ${mount}/${name}, whose service logs in with it: give the name ` +
            'of another file.',
        )
      }
    }
  }
}
