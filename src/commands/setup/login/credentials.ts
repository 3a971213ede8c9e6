import { type RolePath, readRoleId } from '../../vault/approle.ts'
import type { VaultClient } from '../../vault/client.ts'
import {
  createSecretId,
  destroySecretId,
  findLiveSecretId,
  isWrapped,
  lookUpSecretId,
  type NewSecretId,
  type SecretIdState,
} from '../../vault/secret-id.ts'
import { durationText } from '../duration.ts'
import { usageError } from '../exit.ts'
import { isOpenToOthers, readCredential, writeCredential } from './credential-file.ts'
import type { RolePlan } from './role.ts'
import type { AppRoleSettings } from './settings.ts'
import { type Step, unchanged } from './step.ts'

/** Below so many seconds the operator is told that a secret_id runs out: two weeks. */
const soon = 14 * 86_400

/** The step of the file with the role_id. */
export async function planRoleIdFile(client: VaultClient, role: RolePlan, file: string): Promise<Step> {
  const [kind, name] = ['role_id', file]
  const roleId = role.present === undefined ? undefined : await readRoleId(client, role.path)
  const written = await readCredential(file)
  if (written !== undefined && written === roleId) return unchanged(kind, name, 'written')
  const apply = () => writeCredential(file, async () => (await readRoleId(client, role.path)) as string)
  return written === undefined
    ? { kind, name, state: 'create', detail: 'written, mode 0600', apply }
    : { kind, name, state: 'update', detail: 'holds another role_id and is replaced', apply }
}

function lifeOf({ accessor, expiresAt }: SecretIdState): { detail: string; notes: string[] } {
  if (expiresAt === undefined) return { detail: `never expires; accessor ${accessor}`, notes: [] }
  const detail = `works until ${expiresAt.toISOString()}; accessor ${accessor}`
  const left = Math.floor((expiresAt.getTime() - Date.now()) / 1000)
  if (left > soon) return { detail, notes: [] }
  const days = Math.floor(left / 86_400)
  const rest = days > 0 ? durationText(days * 86_400) : 'a day'
  return { detail, notes: [`The secret_id runs out in less than ${rest}: give --new-secret-id.`] }
}

/** Why no secret_id is made, or undefined when one is wanted. */
async function keptSecretId(
  client: VaultClient,
  role: RolePath,
  settings: AppRoleSettings,
): Promise<{ detail: string; notes: string[] } | undefined> {
  const { secretIdFile: file, wrapTtlSeconds } = settings
  const written = file === undefined ? undefined : await readCredential(file)
  if (written !== undefined) {
    const state = await lookUpSecretId(client, role, written)
    if (state !== undefined) return lifeOf(state)
    if (await isWrapped(client, written)) {
      return { detail: 'wrapped, and not opened yet', notes: [] }
    }
  }
  if (wrapTtlSeconds === undefined) return undefined
  // A wrapping token that was opened leaves no trace but the secret_id that it held.
  const live = await findLiveSecretId(client, role)
  if (live === undefined) return undefined
  const { detail, notes } = lifeOf(live)
  return {
    detail: `one was made before and ${detail}`,
    notes: [...notes, 'No other secret_id is wrapped: give --new-secret-id for one.'],
  }
}

/** The step of the secret_id. */
export async function planSecretId(
  client: VaultClient,
  role: RolePlan,
  settings: AppRoleSettings,
  deliver: (made: NewSecretId) => void,
): Promise<Step> {
  const { secretIdFile: file, wrapTtlSeconds, newSecretId } = settings
  const kind = 'secret_id'
  if (file === undefined && wrapTtlSeconds === undefined) {
    if (newSecretId) throw usageError('--new-secret-id needs a place for it: --secret-id-out or --wrap-ttl.')
    return unchanged(kind, 'none', 'none is made: give --secret-id-out FILE, or --wrap-ttl')
  }
  const name = file ?? 'wrapped'
  if (role.present !== undefined && !newSecretId) {
    const kept = await keptSecretId(client, role.path, settings)
    if (kept !== undefined) {
      if (file !== undefined && (await isOpenToOthers(file).catch(() => false))) {
        kept.notes.push(`Others may read ${file}: chmod 600 it.`)
      }
      return unchanged(kind, name, kept.detail, kept.notes)
    }
  }
  const replaces = file !== undefined && (await readCredential(file)) !== undefined
  const make = async () => {
    const made = await createSecretId(client, role.path, wrapTtlSeconds)
    deliver(made)
    return made
  }
  return {
    kind,
    name,
    state: replaces ? 'update' : 'create',
    detail: wrapTtlSeconds === undefined ? 'made' : `made, wrapped for ${durationText(wrapTtlSeconds)}`,
    notes: replaces && newSecretId ? ['The old secret_id works until it runs out or is destroyed.'] : [],
    apply: () => (file === undefined ? make().then(() => {}) : writeSecretId(client, role.path, file, make)),
  }
}

async function writeSecretId(
  client: VaultClient,
  role: RolePath,
  file: string,
  make: () => Promise<NewSecretId>,
): Promise<void> {
  let made: NewSecretId | undefined
  try {
    await writeCredential(file, async () => {
      made = await make()
      return 'secretId' in made ? made.secretId : made.wrappingToken
    })
  } catch (error) {
    // A secret_id that reached nobody must not stay alive.
    if (made !== undefined) await destroySecretId(client, role, made.accessor).catch(() => {})
    throw error
  }
}
