import { rotateTransitKey } from '../../vault/transit-key-changes.ts'
import { during, refused } from '../exit.ts'
import { agreed } from './agreed.ts'
import { type KeyContext, type KeySubject, print, readSubject, versionKey } from './context.ts'

/** What `key stage` may be told. */
export interface StageOptions {
  /** the version that there shall be; without it, the newest that is not pinned, or the next */
  version?: number | undefined
  yes?: boolean | undefined
}

/** Whether a version has to be made: the newest one that is newer than the pinned one is taken as it is. */
function mustMake({ key, settings, profile }: KeySubject, wanted: number | undefined): boolean {
  const { latestVersion } = key
  if (wanted === undefined) return latestVersion <= settings.signingKeyVersion
  if (wanted <= settings.signingKeyVersion) {
    throw refused(
      `Version ${wanted} is not newer than ${settings.signingKeyVersion}, with which ${profile} signs.`,
    )
  }
  if (wanted > latestVersion + 1) {
    throw refused(`The next version of ${key.name} would be ${latestVersion + 1}, not ${wanted}.`)
  }
  return wanted > latestVersion
}

/**
 * `padlock key stage <profile> [version]`: sees to it that there is a version newer than the pinned one, and changes
 * nothing else. One that is there already is adopted, whoever made it.
 */
export async function stageKey(context: KeyContext, profile: string, options: StageOptions): Promise<void> {
  const { client, transitMount, terminal } = context
  let subject = await readSubject(context, profile)
  const { settings } = subject
  const name = settings.signingKey
  const before = subject.key.latestVersion
  const make = mustMake(subject, options.version)
  if (make) {
    await agreed(terminal, options.yes, `Make version ${before + 1} of ${name} in Vault?`)
    await during(`Making version ${before + 1} of ${name}`, rotateTransitKey(client, transitMount, name))
    subject = await readSubject(context, profile)
  }
  const { key } = subject
  const version = options.version ?? key.latestVersion
  const { fingerprint, thumbprint, createdAt } = versionKey(key, version)
  const notes: string[] = []
  if (version === settings.previousSigningKeyVersion) {
    notes.push(`${profile} has signed with version ${version} before and was taken back from it.`)
  }
  if (make && key.latestVersion > before + 1) {
    notes.push(
      `Someone else made a version at the same moment: there are ${before + 1} to ${key.latestVersion}. Agree on one; ` +
        `without a number, \`key export\` takes ${key.latestVersion}. The others may stay unused.`,
    )
  }
  const done = make
    ? `Version ${version} of ${name} is made.`
    : `Version ${version} of ${name} was there already, made ${createdAt} and newer than the pinned one: it is adopted, ` +
      'and no other was made.'
  print(
    context,
    { profile, signingKey: name, version, made: make, fingerprint, thumbprint, createdAt, notes },
    `${done}\n${notes.map((note) => `Note: ${note}\n`).join('')}${fingerprint}\n\n` +
      `${profile} goes on signing with version ${settings.signingKeyVersion}. Next: padlock key export ${profile} ${version}\n`,
  )
}
