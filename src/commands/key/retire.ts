import { setMinEncryptionVersion } from '../../vault/transit-key-changes.ts'
import { during, refused } from '../exit.ts'
import { agreed } from './agreed.ts'
import { type KeyContext, type KeySubject, plain, print, readSubject, versionKey } from './context.ts'
import { instancesOf, lookAt } from './instances.ts'
import { keyUsers, type KeyUser } from './users.ts'

/** What `key retire` may be told. */
export interface RetireOptions {
  version: number
  instance: readonly string[]
  yes?: boolean | undefined
}

const pinning = (users: readonly KeyUser[], version: number) =>
  users.filter(({ pinned }) => pinned !== undefined && pinned <= version)

function refusePinned(users: readonly KeyUser[], version: number, key: string): void {
  const [first] = pinning(users, version)
  if (first === undefined) return
  throw refused(
    `The profile ${first.profile} signs with version ${first.pinned} of ${key}: retiring ` +
      `${version} would disable that too. Nothing was changed.`,
  )
}

/** Refuses while a token that the version signed may still be alive, in whichever profile. */
function refuseAlive(users: readonly KeyUser[], version: number, now: number): void {
  for (const { profile, lastTokenOf } of users) {
    const until = lastTokenOf(version)
    if (until <= now) continue
    throw refused(
      `Tokens of ${profile} that version ${version} or an older one signed may live until ` +
        `${new Date(until).toISOString()}, ${Math.ceil((until - now) / 1000)} seconds from now. Nothing was changed.`,
    )
  }
}

/** Refuses while an instance still signs with it, or does not say. */
async function refuseInUse(instances: readonly string[], users: readonly KeyUser[], version: number) {
  for (const instance of instances) {
    for (const { profile, pinned, kvVersion } of users) {
      if (pinned === undefined) continue
      const expected = { profile, version: pinned, kvVersion }
      const { verdict, keyVersion, reason } = await lookAt(instance, expected)
      if (verdict === 'unreachable') {
        throw refused(
          `${instance} did not answer (${reason}), so it may still sign with it. Nothing was changed.`,
        )
      }
      if (keyVersion === null || keyVersion > version) continue
      throw refused(
        `${instance} still signs for ${profile} with version ${keyVersion} (${reason}). Nothing was changed.`,
      )
    }
  }
}

/** What was pinned while it was retired is more than the check before could see: it is taken back. */
async function checkAgain(context: KeyContext, subject: KeySubject, version: number): Promise<void> {
  const { name, minEncryptionVersion } = subject.key
  const [first] = pinning(await keyUsers(context, name), version)
  if (first === undefined) return
  const undo = setMinEncryptionVersion(context.client, context.transitMount, name, minEncryptionVersion)
  await during('Undoing it', undo)
  throw refused(
    `${plain(first.settings.activatedBy)} has pinned version ${first.pinned} in the profile ` +
      `${first.profile} at the same moment: min_encryption_version is ${minEncryptionVersion} again.`,
  )
}

function text(context: KeyContext, { key }: KeySubject, version: number, done: string): string {
  const path = `vault write ${context.transitMount}/keys/${key.name}`
  const before = Math.min(key.minEncryptionVersion, version)
  return `${done}
To undo it:
  ${path}/config min_encryption_version=${before}
The private key is still in Vault. To destroy it for ever, which nothing undoes, an administrator of Vault may:
  ${path}/config min_decryption_version=${version + 1}
  ${path}/trim min_available_version=${version + 1}
`
}

/** `padlock key retire <profile> <version>`: a version and all older ones may sign no more. */
export async function retireKey(
  context: KeyContext,
  profile: string,
  { version, instance, yes }: RetireOptions,
): Promise<void> {
  const { client, transitMount, terminal } = context
  const instances = instancesOf(instance, terminal.env)
  const subject = await readSubject(context, profile)
  const { key } = subject
  if (version > key.latestVersion) versionKey(key, version)
  const users = await keyUsers(context, key.name)
  refusePinned(users, version, key.name)
  const changed = version >= key.minEncryptionVersion
  if (changed) {
    refuseAlive(users, version, Date.now())
    await refuseInUse(instances, users, version)
    await agreed(terminal, yes, `Retire version ${version} of ${key.name}, and all older ones?`)
    const raise = setMinEncryptionVersion(client, transitMount, key.name, version + 1)
    await during(`Retiring version ${version}`, raise)
    await checkAgain(context, subject, version)
  }
  const which =
    version === 1 ? `Version 1 of ${key.name}` : `Version ${version} of ${key.name}, and all older ones,`
  print(
    context,
    {
      ...{ profile, signingKey: key.name, version, changed },
      minEncryptionVersion: changed ? version + 1 : key.minEncryptionVersion,
    },
    text(context, subject, version, `${which} can sign no more${changed ? '' : ' already'}.`),
  )
}
