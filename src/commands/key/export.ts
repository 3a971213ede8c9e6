import { randomBytes } from 'node:crypto'
import { rename, unlink, writeFile } from 'node:fs/promises'
import { refused } from '../../cli/exit.ts'
import { printNotes, printResult } from '../../cli/terminal.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { operatorVerb } from '../../cli/verb.ts'
import { readRegularFile } from '../../files/regular-file.ts'
import { keyVersionState } from '../../vault/keys/key-versions.ts'
import { keyMail } from './mail.ts'
import { readSubject, versionKey } from './subject.ts'

/**
 * Writes a public key to a file, in one step.
 *
 * @throws CommandError with exit code 1 for a file that holds something else, which is left alone
 */
async function writePem(file: string, pem: string): Promise<void> {
  const reason = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown reason'
  const present = await readRegularFile(file).catch((error: unknown) => {
    if (reason(error) === 'ENOENT') {
      return undefined
    }
    throw refused(`${file} cannot be read (${reason(error)}).`)
  })
  if (present?.toString() === pem) {
    return
  }
  if (present !== undefined) {
    throw refused(`${file} holds something else; it is left alone. Give another name.`)
  }
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, pem, { flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw refused(`${file} cannot be written (${reason(error)}).`)
  }
}

/** `padlock key export`: the PEM, its fingerprint, and a mail to send with it. */
export const verb = operatorVerb(
  { examples: ['padlock key export shop 2 --out v2.pem'] },
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('[version]', 'by default the newest, or the active one', versionNumber)
      .option('--out <file>', 'write the PEM here; a file that holds something else is left alone'),
  async (operator, profile, wanted, { out }) => {
    const { key, settings } = await readSubject(operator, profile)
    const newest = Math.max(key.latestVersion, settings.signingKeyVersion)
    const { version, publicKey, fingerprint, thumbprint } = versionKey(key, wanted ?? newest)
    const state = keyVersionState(version, settings, key.minEncryptionVersion)
    const pem = `${publicKey.trim()}\n`
    if (out !== undefined) {
      await writePem(out, pem)
    }
    const mail = keyMail({ issuer: settings.issuer, pem, fingerprint, state, attached: out })
    if (state === 'retired') {
      printNotes(operator.terminal, [`version ${version} is retired and cannot sign; nobody needs its key.`])
    }
    const report = {
      ...{ profile, signingKey: key.name, version, state, fingerprint, thumbprint },
      ...{ publicKey: pem, mail },
    }
    printResult(operator, report, (stdout) => {
      stdout.line(`Version ${version} of ${key.name}, ${state}${out === undefined ? '' : `, in ${out}`}`)
      stdout.line(fingerprint)
      if (state === 'staged') {
        stdout.line(`Next, when iAdvize has answered: padlock key activate ${profile} ${version}`)
      }
      stdout.write('\nA mail to your iAdvize contact:\n\n')
      for (const line of mail.trimEnd().split('\n')) {
        const [, command] = /^ {2}(.+)/.exec(line) ?? []
        command === undefined ? stdout.line(line, '') : stdout.command(command)
      }
    })
  },
)
