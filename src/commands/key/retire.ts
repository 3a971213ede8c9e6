import { agreed } from '../../cli/confirm.ts'
import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { printResult } from '../../cli/terminal.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { instancesOf, lookAt } from './instance-verdicts.ts'
import { instanceOption } from './pin.ts'
import { type KeyProfile, profilesOfKey } from './profiles-of-key.ts'
import { type KeySubject, readSubject, versionKey } from './subject.ts'

const pinning = (users: readonly KeyProfile[], version: number) =>
  users.filter(({ pinned }) => pinned !== undefined && pinned <= version)

function refusePinned(users: readonly KeyProfile[], version: number, key: string): void {
  const [first] = pinning(users, version)
  if (first === undefined) {
    return
  }
  throw refused(
    `The profile ${first.profile} signs with version ${first.pinned} of ${key}: retiring ` +
      `${version} would disable that too. Nothing was changed.`,
  )
}

/** Refuses while a token that the version signed may still be alive, in whichever profile. */
function refuseAlive(users: readonly KeyProfile[], version: number, now: number): void {
  for (const { profile, lastTokenOf } of users) {
    const until = lastTokenOf(version)
    if (until <= now) {
      continue
    }
    throw refused(
      `Tokens of ${profile} that version ${version} or an older one signed may live until ` +
        `${new Date(until).toISOString()}, ${Math.ceil((until - now) / 1000)} seconds from now. Nothing was changed.`,
    )
  }
}

/** Refuses while an instance still signs with it, or does not say. */
async function refuseInUse(instances: readonly string[], users: readonly KeyProfile[], version: number) {
  for (const instance of instances) {
    for (const { profile, pinned, kvVersion } of users) {
      if (pinned === undefined) {
        continue
      }
      const expected = { profile, version: pinned, kvVersion }
      const { verdict, keyVersion, reason } = await lookAt(instance, expected)
      if (verdict === 'unreachable') {
        throw refused(
          `${instance} did not answer (${reason}), so it may still sign with it. Nothing was changed.`,
        )
      }
      if (keyVersion === null || keyVersion > version) {
        continue
      }
      throw refused(
        `${instance} still signs for ${profile} with version ${keyVersion} (${reason}). Nothing was changed.`,
      )
    }
  }
}

/** What was pinned while it was retired is more than the check before could see: it is taken back. */
async function checkAgain(operator: Operator, subject: KeySubject, version: number): Promise<void> {
  const { name, minEncryptionVersion } = subject.key
  const [first] = pinning(await profilesOfKey(operator, name), version)
  if (first === undefined) {
    return
  }
  const undo = operator.keys.setMinEncryptionVersion(name, minEncryptionVersion)
  await during('Undoing it', undo)
  throw refused(
    `${first.settings.activatedBy} has pinned version ${first.pinned} in the profile ` +
      `${first.profile} at the same moment: min_encryption_version is ${minEncryptionVersion} again.`,
  )
}

/** What undoes it, and what would destroy the private key. */
function undoing({ keys }: Operator, { key }: KeySubject, version: number) {
  const path = `vault write ${keys.mount}/keys/${key.name}`
  const before = Math.min(key.minEncryptionVersion, version)
  return {
    undo: `${path}/config min_encryption_version=${before}`,
    destroy: [
      `${path}/config min_decryption_version=${version + 1}`,
      `${path}/trim min_available_version=${version + 1}`,
    ],
  }
}

/** `padlock key retire`: a version and all older ones may sign no more. */
export const verb = changeVerb(
  { examples: ['padlock key retire shop 1', 'padlock key retire shop 1 --yes'] },
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('<version>', 'version', versionNumber)
      .addOption(instanceOption(' first (default: PADLOCK_INSTANCES or PADLOCK_URL)')),
  async (changer, profile, version, { instance = [] }) => {
    const { keys, terminal, dryRun } = changer
    const instances = instancesOf(instance, terminal.env)
    const subject = await readSubject(changer, profile)
    const { name, latestVersion, minEncryptionVersion } = subject.key
    if (version > latestVersion) {
      versionKey(subject.key, version)
    }
    const users = await profilesOfKey(changer, name)
    refusePinned(users, version, name)
    const isNew = version >= minEncryptionVersion
    let changed = false
    if (isNew) {
      refuseAlive(users, version, Date.now())
      await refuseInUse(instances, users, version)
      changed = await agreed(changer, {
        show: (output) =>
          output.line(`min_encryption_version of ${name}: ${minEncryptionVersion} -> ${version + 1}.`),
        question: `Retire version ${version} of ${name}, and all older ones?`,
      })
    }
    if (changed) {
      const raise = keys.setMinEncryptionVersion(name, version + 1)
      await during(`Retiring version ${version}`, raise)
      await checkAgain(changer, subject, version)
    }
    const report = {
      ...{ profile, dryRun, signingKey: name, version, changed },
      minEncryptionVersion: changed ? version + 1 : minEncryptionVersion,
    }
    printResult(changer, report, (stdout) => {
      if (isNew && !changed) {
        return
      }
      const which =
        version === 1 ? `Version 1 of ${name}` : `Version ${version} of ${name}, and all older ones,`
      stdout.line(`${which} can sign no more${changed ? '' : ' already'}.`)
      const { undo, destroy } = undoing(changer, subject, version)
      stdout.line('To undo it:')
      stdout.command(undo)
      stdout.line(
        'The private key is still in Vault. To destroy it, which nothing undoes, an administrator of Vault may:',
      )
      for (const line of destroy) {
        stdout.command(line)
      }
    })
  },
)
