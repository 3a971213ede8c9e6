import { agreed } from '../../cli/confirm.ts'
import { during, refused } from '../../cli/exit.ts'
import { printNotes, printResult } from '../../cli/terminal.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { type KeySubject, readSubject, versionKey } from './subject.ts'

/** Whether a version has to be made: the newest one that is newer than the pinned one is taken as it is. */
function mustMake({ key, settings, profile }: KeySubject, wanted: number | undefined): boolean {
  const { latestVersion } = key
  if (wanted === undefined) {
    return latestVersion <= settings.signingKeyVersion
  }
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

/** What the operator should know of a version that is there now. */
function stageNotes({ profile, key, settings }: KeySubject, version: number, before: number, made: boolean) {
  const notes: string[] = []
  if (version === settings.previousSigningKeyVersion) {
    notes.push(`${profile} has signed with version ${version} before and was taken back from it.`)
  }
  if (made && key.latestVersion > before + 1) {
    notes.push(
      `Someone else made a version at the same moment: there are ${before + 1} to ${key.latestVersion}. Agree on one; ` +
        `without a number, \`key export\` takes ${key.latestVersion}. The others may stay unused.`,
    )
  }
  return notes
}

/**
 * `padlock key stage`: sees to it that there is a version newer than the pinned one, and changes nothing else. One that
 * is there already is adopted, whoever made it.
 */
export const verb = changeVerb(
  { examples: ['padlock key stage shop', 'padlock key stage shop 2 --yes'] },
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('[version]', 'the version that there shall be', versionNumber),
  async (changer, profile, wanted) => {
    const { dryRun } = changer
    let subject = await readSubject(changer, profile)
    const { signingKey: name, signingKeyVersion: pinned } = subject.settings
    const before = subject.key.latestVersion
    const make = mustMake(subject, wanted)
    const show = `Version ${before + 1} of ${name} is to be made in Vault; ${profile} goes on signing with version ${pinned}.`
    const change = {
      show: (output: typeof changer.terminal.stdout) => output.line(show),
      question: `Make version ${before + 1} of ${name} in Vault?`,
    }
    if (make && !(await agreed(changer, change))) {
      const planned = { profile, dryRun, signingKey: name, version: before + 1, made: false, notes: [] }
      return printResult(changer, planned, () => {})
    }
    if (make) {
      await during(`Making version ${before + 1} of ${name}`, changer.keys.rotate(name))
      subject = await readSubject(changer, profile)
    }
    const version = wanted ?? subject.key.latestVersion
    const { fingerprint, thumbprint, createdAt } = versionKey(subject.key, version)
    const notes = stageNotes(subject, version, before, make)
    const report = {
      profile,
      dryRun,
      signingKey: name,
      version,
      made: make,
      fingerprint,
      thumbprint,
      createdAt,
      notes,
    }
    printResult(changer, report, (stdout) => {
      stdout.line(
        make
          ? `Version ${version} of ${name} is made.`
          : `Version ${version} of ${name} was there already, made ${createdAt} and newer than the pinned one: it is adopted, and no other was made.`,
      )
      printNotes(changer.terminal, notes)
      stdout.line(fingerprint)
      stdout.line()
      stdout.line(
        `${profile} goes on signing with version ${pinned}. Next: padlock key export ${profile} ${version}`,
      )
    })
  },
)
