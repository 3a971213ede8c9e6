import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { SubjectKey } from '../audit/subject.ts'
import { answerData } from './answer-data.ts'
import { type VaultCallOptions, type VaultClient, VaultError } from './client.ts'
import { ifPresent } from './if-present.ts'

const keyBytes = 32
/** Where the key of the visitors' pseudonyms stands in a KV store of version 2. */
export const subjectKeyPath = (kvMount: string, part: 'data' | 'metadata' = 'data'): string =>
  `${kvMount}/${part}/padlock/audit/subject-key`

const DataSchema = Type.Object({
  data: Type.Object({ key: Type.String() }),
  metadata: Type.Object({ version: Type.Integer({ minimum: 1 }) }),
})

/**
 * Reads the key of the visitors' pseudonyms: 32 bytes, in standard base64, as `key`.
 *
 * @param version of an earlier key; the newest without it
 * @returns undefined when there is none, or when that version is deleted
 * @throws VaultError; `vault_unavailable` as well when what stands there is no such key
 */
export async function readSubjectKey(
  client: VaultClient,
  kvMount: string,
  version?: number,
  options: VaultCallOptions = {},
): Promise<SubjectKey | undefined> {
  const query = version === undefined ? {} : { query: { version } }
  const body = await ifPresent(client.read(subjectKeyPath(kvMount), { ...options, ...query }))
  if (body === undefined) return undefined
  const what = "the key of the visitors' pseudonyms"
  const { data, metadata } = answerData(DataSchema, what, body)
  const key = Buffer.from(data.key, 'base64')
  if (key.length !== keyBytes)
    throw new VaultError('vault_unavailable', `Vault holds ${what} in another form.`)
  return { version: metadata.version, key }
}

const HistorySchema = Type.Object({ current_version: Type.Integer({ minimum: 0 }) })

/**
 * Which version of the key there is, for an administrator's token; 0 for none. A deleted one is not readable.
 *
 * @throws VaultError
 */
export async function readSubjectKeyVersion(
  client: VaultClient,
  kvMount: string,
): Promise<{ version: number; readable: boolean }> {
  const present = await readSubjectKey(client, kvMount)
  if (present !== undefined) return { version: present.version, readable: true }
  const history = await ifPresent(client.read(subjectKeyPath(kvMount, 'metadata')))
  if (history === undefined) return { version: 0, readable: false }
  const { current_version } = answerData(HistorySchema, "the subject key's history", history)
  return { version: current_version, readable: false }
}

/**
 * Makes a key: the first one, or a new version.
 *
 * @param version the version that is there; 0 for none
 * @throws VaultError when somebody else made one in the meantime (check-and-set), or as the client does
 */
export async function writeSubjectKey(client: VaultClient, kvMount: string, version: number): Promise<void> {
  const data = { key: randomBytes(keyBytes).toString('base64') }
  await client.write(subjectKeyPath(kvMount), { options: { cas: version }, data })
}
