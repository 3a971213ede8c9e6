import { durationText } from '../../../cli/values/duration.ts'
import type { AppRole } from '../../../vault/admin/app-role.ts'
import { isWrapped, type NewSecretId, type SecretIdState } from '../../../vault/admin/secret-ids.ts'
import type { VaultClient } from '../../../vault/client/client.ts'
import type { AppRoleSettings } from '../settings.ts'
import { type Step, unchanged } from '../step.ts'
import { isOpenToOthers, readCredential, writeCredential } from './credential-file.ts'
import type { OtherCredentials } from './other-credentials.ts'
import type { RolePlan } from './role.ts'

/** Seconds before its end from which the operator is warned that a secret_id expires: two weeks. */
const soon = 14 * 86_400

/** The step of the file with the role_id. */
export async function planRoleIdFile(
  { role, present }: RolePlan,
  file: string,
  others: OtherCredentials,
): Promise<Step> {
  const [kind, name] = ['role_id', file]
  const roleId = present === undefined ? undefined : await role.readId()
  const written = await readCredential(file)
  if (written !== undefined && written === roleId) {
    return unchanged(kind, name, 'written')
  }
  if (written !== undefined) {
    await others.refuseRoleId(file, written)
  }
  const apply = () => writeCredential(file, () => role.readId())
  return written === undefined
    ? { kind, name, state: 'create', detail: 'written, mode 0600', apply }
    : { kind, name, state: 'update', detail: 'holds another role_id and is replaced', apply }
}

function lifeOf({ accessor, expiresAt, ttlSeconds }: SecretIdState): { detail: string; notes: string[] } {
  if (expiresAt === undefined) {
    return { detail: `never expires; accessor ${accessor}`, notes: [] }
  }
  const detail = `works until ${expiresAt.toISOString()}; accessor ${accessor}`
  if (ttlSeconds > soon) {
    return { detail, notes: [] }
  }
  const days = Math.floor(ttlSeconds / 86_400)
  const rest = days > 0 ? durationText(days * 86_400) : 'a day'
  return { detail, notes: [`The secret_id runs out in less than ${rest}: give --new-secret-id.`] }
}

/** Why no secret_id is made, or undefined when one is wanted. */
async function keptSecretId(
  client: VaultClient,
  { secretIds }: AppRole,
  settings: AppRoleSettings,
): Promise<{ detail: string; notes: string[] } | undefined> {
  const { secretIdFile: file, wrapTtlSeconds } = settings
  const written = file === undefined ? undefined : await readCredential(file)
  if (written !== undefined) {
    const state = await secretIds.lookUp(written)
    if (state !== undefined) {
      return lifeOf(state)
    }
    if (await isWrapped(client, written)) {
      return { detail: 'wrapped, and not opened yet', notes: [] }
    }
  }
  if (wrapTtlSeconds === undefined) {
    return undefined
  }
  // A wrapping token that was opened leaves no trace but the secret_id that it held.
  const live = await secretIds.findLive()
  if (live === undefined) {
    return undefined
  }
  const { detail, notes } = lifeOf(live)
  return {
    detail: `one was made before and ${detail}`,
    notes: [...notes, 'No other secret_id is wrapped: give --new-secret-id for one.'],
  }
}

/** The step of the secret_id. */
export async function planSecretId(
  client: VaultClient,
  { role, present }: RolePlan,
  settings: AppRoleSettings,
  others: OtherCredentials,
  deliver: (made: NewSecretId) => void,
): Promise<Step> {
  const { secretIdFile: file, wrapTtlSeconds, newSecretId } = settings
  const kind = 'secret_id'
  if (file === undefined && wrapTtlSeconds === undefined) {
    return unchanged(kind, 'none', 'none is made: give --secret-id-out FILE, or --wrap-ttl')
  }
  const name = file ?? 'wrapped'
  if (present !== undefined && !newSecretId) {
    const kept = await keptSecretId(client, role, settings)
    if (kept !== undefined) {
      if (file !== undefined && (await isOpenToOthers(file).catch(() => false))) {
        kept.notes.push(`Others may read ${file}: chmod 600 it.`)
      }
      return unchanged(kind, name, kept.detail, kept.notes)
    }
  }
  const written = file === undefined ? undefined : await readCredential(file)
  if (file !== undefined && written !== undefined) {
    await others.refuseSecretId(file, written)
  }
  const replaces = written !== undefined
  const make = async () => {
    const made = await role.secretIds.create(wrapTtlSeconds)
    deliver(made)
    return made
  }
  return {
    kind,
    name,
    state: replaces ? 'update' : 'create',
    detail: wrapTtlSeconds === undefined ? 'made' : `made, wrapped for ${durationText(wrapTtlSeconds)}`,
    notes: replaces && newSecretId ? ['The old secret_id works until it runs out or is destroyed.'] : [],
    apply: () => (file === undefined ? make().then(() => {}) : writeSecretId(role, file, make)),
  }
}

async function writeSecretId(
  { secretIds }: AppRole,
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
    if (made !== undefined) {
      await secretIds.destroy(made.accessor).catch(() => {})
    }
    throw error
  }
}
