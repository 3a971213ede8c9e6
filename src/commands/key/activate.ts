import { askFingerprint, fingerprint } from '../../cli/values/fingerprint.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { checkAcknowledged } from './acknowledged.ts'
import { instancesOf } from './instance-verdicts.ts'
import { finish, followedOption, pin, waitOption } from './pin.ts'
import { readSubject, refuseRetired, versionKey } from './subject.ts'

const help = {
  proof: 'acknowledged',
  text: `You give the fingerprint that iAdvize answered, and not one from this command: --yes does not answer it. The command waits
until each instance signs with the version.`,
  examples: ['padlock key activate shop 2', 'padlock key activate shop 2 --acknowledged sha256:… --yes'],
}

/**
 * `padlock key activate`: pins a version which the vendor has acknowledged by its fingerprint, and waits for the
 * instances. The fingerprint is the question: nothing else answers it.
 */
export const verb = changeVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('<version>', 'version', versionNumber)
      .option('--acknowledged <sha256:…>', 'the fingerprint that iAdvize answered', fingerprint)
      .addOption(followedOption())
      .addOption(waitOption()),
  async (changer, profile, version, { acknowledged, ...follow }) => {
    const { terminal, keys } = changer
    instancesOf(follow.instance ?? [], terminal.env)
    const subject = await readSubject(changer, profile)
    const { key, settings } = subject
    const { signingKeyVersion: pinned } = settings
    versionKey(key, version)
    if (version !== pinned) {
      refuseRetired(subject, version, keys.mount)
    }
    if (acknowledged !== undefined) {
      checkAcknowledged(key, version, acknowledged)
    }
    if (version === pinned) {
      const lines = [
        `${profile} signs with version ${version} of ${key.name} already, since ${settings.activatedAt}.`,
      ]
      return finish(changer, { profile, version, lines }, follow)
    }
    const asked = `Fingerprint that iAdvize acknowledged for version ${version} (sha256:…):`
    const report = await pin(changer, subject, version, {
      question: `Sign for ${profile} with version ${version} in place of ${pinned}?`,
      proof:
        acknowledged === undefined
          ? async () => checkAcknowledged(key, version, await askFingerprint(terminal, asked))
          : undefined,
    })
    const lines = [
      `${profile} now signs with version ${version} of ${key.name}, in place of version ${pinned}.`,
      ...(version > pinned
        ? [
            `To go back: padlock key rollback ${profile}`,
            `Last, once all is well: padlock key retire ${profile} ${pinned}`,
          ]
        : [`To go forward again: padlock key activate ${profile} ${pinned}`]),
    ]
    await finish(changer, { profile, version, report, lines }, follow)
  },
)
