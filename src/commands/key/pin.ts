import { Option } from '@commander-js/extra-typings'
import { refused } from '../../cli/exit.ts'
import { printResult } from '../../cli/terminal.ts'
import { duration } from '../../cli/values/parsers.ts'
import type { Changer } from '../../cli/verb.ts'
import { type ChangeReport, changeProfile, operatorName } from '../profile-change/change.ts'
import { awaitInstances, instancesOf, type Verdict } from './instance-verdicts.ts'
import { type KeySubject, readSubject, versionKey } from './subject.ts'

const collected = (value: string, list: readonly string[] = []) => [...list, value]

/** `--instance`, which can be given again. */
export const instanceOption = (meaning: string) =>
  new Option('--instance <url>', `a running Padlock to look at${meaning}; may be given again`).argParser(
    collected,
  )

/** What the commands that pin a version look at. */
export const followedOption = () => instanceOption(' (default: PADLOCK_INSTANCES or PADLOCK_URL)')

/** `--wait`, in seconds. */
export const waitOption = () =>
  new Option(
    '--wait <time>',
    'wait so long for each instance (default: twice its refresh interval, and 10s)',
  ).argParser(duration)

/** What the commands that pin a version may be told about the instances. */
export interface FollowOptions {
  instance?: readonly string[]
  /** seconds to wait for each instance */
  wait?: number
}

/**
 * Shows what pinning a version changes, asks, and pins it, if nobody has changed the profile since it was read.
 *
 * @throws CommandError with exit code 1 when somebody has
 */
export async function pin(
  changer: Changer,
  { profile, stored, settings }: KeySubject,
  version: number,
  ask: { question: string; proof?: (() => Promise<void>) | undefined },
): Promise<ChangeReport> {
  const by = await operatorName(changer)
  const next = {
    ...settings,
    signingKeyVersion: version,
    previousSigningKeyVersion: settings.signingKeyVersion,
    activatedAt: new Date().toISOString(),
    activatedBy: by,
  }
  return changeProfile(changer, { profile, stored, settings: next, by, ...ask })
}

/**
 * Sees that what was pinned is still so, which another operator may have changed meanwhile.
 *
 * @throws CommandError with exit code 1 when it is not
 */
async function checkAgain(changer: Changer, profile: string, version: number): Promise<KeySubject> {
  const now = await readSubject(changer, profile)
  const { settings, key } = now
  if (settings.signingKeyVersion !== version) {
    throw refused(
      `Version ${version} was pinned, and ${settings.activatedBy} has pinned version ${settings.signingKeyVersion} since.`,
    )
  }
  if (version < key.minEncryptionVersion) {
    throw refused(
      `Version ${version} is pinned, and was retired at the same moment: ${profile} cannot sign with it. Undo that: ` +
        `vault write ${changer.keys.mount}/keys/${key.name}/config min_encryption_version=${version}`,
    )
  }
  return now
}

/** Where a change of the pinned version ended. */
export interface Pinned {
  profile: string
  version: number
  /** undefined when it was pinned already */
  report?: ChangeReport | undefined
  /** what the operator should know or do now, a line each */
  lines: string[]
}

/**
 * Checks the change once more, waits for the instances, and reports how it ended; of a dry run, what it would change.
 *
 * @throws CommandError with exit code 1 when an instance does not follow
 */
export async function finish(
  changer: Changer,
  { profile, version, report, lines }: Pinned,
  { instance = [], wait }: FollowOptions,
): Promise<void> {
  const { terminal, dryRun } = changer
  const isPlan = dryRun && report !== undefined
  const subject = isPlan ? await readSubject(changer, profile) : await checkAgain(changer, profile, version)
  const instances = isPlan ? [] : instancesOf(instance, terminal.env)
  const kvVersion = subject.stored.version
  const expected = { profile, version, kvVersion, waitSeconds: wait }
  const verdicts = await awaitInstances(terminal, instances, expected)
  const { settings, key } = subject
  const { fingerprint } = versionKey(key, version)
  const { activatedAt, activatedBy, previousSigningKeyVersion: previousVersion } = settings
  const { changed = false, changes = [] } = report ?? {}
  const unseen =
    instances.length > 0
      ? []
      : [
          'Running instances follow within their refresh interval; name them with --instance to wait for them.',
        ]
  const result = {
    ...{ profile, dryRun, signingKey: key.name, version, previousVersion, changed, changes, fingerprint },
    ...{ activatedAt, activatedBy, instances: verdicts },
  }
  printResult(changer, result, (stdout) => {
    for (const line of isPlan ? [] : [...lines, ...unseen]) {
      stdout.line(line)
    }
  })
  const behind = verdicts.filter(({ verdict }) => verdict !== 'follows')
  if (behind.length > 0) {
    throw refused(behindText(behind, version))
  }
}

function behindText(behind: readonly Verdict[], version: number): string {
  const names = behind.map(({ instance, reason }) => `${instance} (${reason})`).join(', ')
  return (
    `Version ${version} is pinned, but not every instance follows: ${names}. Fix that and run the command again, ` +
    'or go back.'
  )
}
