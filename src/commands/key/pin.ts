import { readOperatorName } from '../../vault/operator-name.ts'
import { ProfileConflictError, writeProfile } from '../../vault/profile-store.ts'
import { during, refused } from '../exit.ts'
import { type KeyContext, type KeySubject, plain, print, readSubject, versionKey } from './context.ts'
import { awaitInstances, instancesOf, type Verdict } from './instances.ts'

/** What the commands that pin a version may be told about the instances. */
export interface FollowOptions {
  instance: readonly string[]
  /** seconds to wait for each instance */
  wait?: number | undefined
}

/**
 * Pins a version, if nobody has changed the profile since it was read.
 *
 * @returns the KV version written
 * @throws CommandError with exit code 1 when somebody has
 */
export async function pin(context: KeyContext, subject: KeySubject, version: number): Promise<number> {
  const { client, kvMount } = context
  const { profile, settings, kvVersion } = subject
  const activatedBy = await during('Reading who you are', readOperatorName(client))
  const next = {
    ...settings,
    signingKeyVersion: version,
    previousSigningKeyVersion: settings.signingKeyVersion,
    activatedAt: new Date().toISOString(),
    activatedBy,
    changedBy: activatedBy,
  }
  try {
    return await during(`Pinning version ${version}`, writeProfile(client, kvMount, profile, next, kvVersion))
  } catch (error) {
    throw error instanceof ProfileConflictError ? refused(error.message) : error
  }
}

/**
 * Sees that what was pinned is still so, which another operator may have changed meanwhile.
 *
 * @throws CommandError with exit code 1 when it is not
 */
async function checkAgain(context: KeyContext, profile: string, version: number): Promise<KeySubject> {
  const now = await readSubject(context, profile)
  const { settings, key } = now
  if (settings.signingKeyVersion !== version) {
    throw refused(
      `Version ${version} was pinned, and ${plain(settings.activatedBy)} has pinned version ${settings.signingKeyVersion} since.`,
    )
  }
  if (version < key.minEncryptionVersion) {
    throw refused(
      `Version ${version} is pinned, and was retired at the same moment: ${profile} cannot sign with it. Undo that: ` +
        `vault write ${context.transitMount}/keys/${key.name}/config min_encryption_version=${version}`,
    )
  }
  return now
}

/** Where a change of the pinned version ended. */
export interface Pinned {
  profile: string
  version: number
  /** false when it was pinned already */
  changed: boolean
  /** what the operator should know or do now, a line each */
  lines: string[]
}

/**
 * Checks the change once more, waits for the instances, and tells how it ended.
 *
 * @throws CommandError with exit code 1 when an instance does not follow
 */
export async function finish(
  context: KeyContext,
  { profile, version, changed, lines }: Pinned,
  { instance, wait }: FollowOptions,
): Promise<void> {
  const { terminal } = context
  const subject = await checkAgain(context, profile, version)
  const instances = instancesOf(instance, terminal.env)
  const expected = { profile, version, kvVersion: subject.kvVersion, waitSeconds: wait }
  const verdicts = await awaitInstances(terminal, instances, expected)
  const { settings, key } = subject
  const { fingerprint } = versionKey(key, version)
  const { activatedAt, activatedBy, previousSigningKeyVersion: previousVersion } = settings
  const unseen =
    instances.length > 0
      ? []
      : [
          'Running instances follow within their refresh interval; name them with --instance to wait for them.',
        ]
  print(
    context,
    {
      ...{ profile, signingKey: key.name, version, previousVersion, changed, fingerprint },
      ...{ activatedAt, activatedBy, instances: verdicts },
    },
    [...lines, ...unseen].map((line) => `${line}\n`).join(''),
  )
  const behind = verdicts.filter(({ verdict }) => verdict !== 'follows')
  if (behind.length > 0) throw refused(behindText(behind, version))
}

function behindText(behind: readonly Verdict[], version: number): string {
  const names = behind.map(({ instance, reason }) => `${instance} (${reason})`).join(', ')
  return (
    `Version ${version} is pinned, but not every instance follows: ${names}. Mend that and run the command again, ` +
    'or go back.'
  )
}
