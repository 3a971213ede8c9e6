import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { SubjectKey } from '../../token/subject.ts'
import { answerData } from '../client/checked-answer.ts'
import type { VaultCallOptions, VaultClient } from '../client/client.ts'
import { ifPresent } from '../client/not-found.ts'
import { VaultError } from '../client/vault-error.ts'

const keyBytes = 32
const what = "the key of the visitors' pseudonyms"

const DataSchema = Type.Object({
  data: Type.Object({ key: Type.String() }),
  metadata: Type.Object({ version: Type.Integer({ minimum: 1 }) }),
})
const HistorySchema = Type.Object({ current_version: Type.Integer({ minimum: 0 }) })

/**
 * The key of the visitors' pseudonyms in a KV store of version 2: 32 bytes, in standard base64, as `key`. All calls
 * throw VaultError as the client does.
 */
export class SubjectKeyStore {
  /** path of the secret, for people */
  readonly path: string
  readonly #client: VaultClient
  readonly #metadataPath: string

  /**
   * @param client with a token
   * @param mount path of the KV store, without slashes at its ends
   */
  constructor(client: VaultClient, mount: string) {
    this.#client = client
    this.path = `${mount}/data/padlock/audit/subject-key`
    this.#metadataPath = `${mount}/metadata/padlock/audit/subject-key`
  }

  /**
   * The newest key, or an earlier version.
   *
   * @returns undefined when there is none, or when that version is deleted
   * @throws VaultError `vault_unavailable` as well when what stands there is no such key
   */
  async read(version?: number, options: VaultCallOptions = {}): Promise<SubjectKey | undefined> {
    const query = version === undefined ? {} : { query: { version } }
    const body = await ifPresent(this.#client.read(this.path, { ...options, ...query }))
    if (body === undefined) {
      return undefined
    }
    const { data, metadata } = answerData(DataSchema, what, body)
    const key = Buffer.from(data.key, 'base64')
    if (key.length !== keyBytes) {
      throw new VaultError('vault_unavailable', `Vault holds ${what} in another form.`)
    }
    return { version: metadata.version, key }
  }

  /** Which version of the key there is; 0 for none. A deleted one is not readable. */
  async readVersion(): Promise<{ version: number; readable: boolean }> {
    const present = await this.read()
    if (present !== undefined) {
      return { version: present.version, readable: true }
    }
    const history = await ifPresent(this.#client.read(this.#metadataPath))
    if (history === undefined) {
      return { version: 0, readable: false }
    }
    const { current_version } = answerData(HistorySchema, "the subject key's history", history)
    return { version: current_version, readable: false }
  }

  /**
   * Makes a key: the first one, or a new version.
   *
   * @param version the version that is there; 0 for none
   * @throws VaultError when somebody else made one in the meantime (check-and-set)
   */
  async write(version: number): Promise<void> {
    const data = { key: randomBytes(keyBytes).toString('base64') }
    await this.#client.write(this.path, { options: { cas: version }, data })
  }
}
