import { randomBytes } from 'node:crypto'
import { readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { keyVersionState } from '../../token/key-versions.ts'
import { refused } from '../exit.ts'
import {
  type KeyContext,
  plain,
  type KeySubject,
  print,
  readSubject,
  type VersionKey,
  versionKey,
} from './context.ts'
import { keyMail } from './mail.ts'

/** What `key export` may be told. */
export interface ExportOptions {
  /** without it: the newest version, if that is staged, or else the active one */
  version?: number | undefined
  /** file for the PEM */
  out?: string | undefined
}

/**
 * Writes a public key to a file, in one step.
 *
 * @throws CommandError with exit code 1 for a file that holds something else, which is left alone
 */
async function writePem(file: string, pem: string): Promise<void> {
  const reason = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown reason'
  const present = await readFile(file, 'utf8').catch((error: unknown) => {
    if (reason(error) === 'ENOENT') return undefined
    throw refused(`${file} cannot be read (${reason(error)}).`)
  })
  if (present === pem) return
  if (present !== undefined)
    throw refused(`${file} holds something else; it is left alone. Give another name.`)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, pem, { flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw refused(`${file} cannot be written (${reason(error)}).`)
  }
}

function chosen({ key, settings }: KeySubject, wanted: number | undefined): VersionKey {
  return versionKey(key, wanted ?? Math.max(key.latestVersion, settings.signingKeyVersion))
}

/** `padlock key export <profile> [version]`: the PEM, its fingerprint, and a mail to send with it. */
export async function exportKey(context: KeyContext, profile: string, options: ExportOptions): Promise<void> {
  const subject = await readSubject(context, profile)
  const { key, settings } = subject
  const { version, publicKey, fingerprint, thumbprint } = chosen(subject, options.version)
  const state = keyVersionState(version, settings, key.minEncryptionVersion)
  const pem = `${publicKey.trim()}\n`
  if (options.out !== undefined) await writePem(options.out, pem)
  const mail = keyMail({ issuer: plain(settings.issuer), pem, fingerprint, state, attached: options.out })
  const { terminal } = context
  if (state === 'retired') {
    terminal.stderr.write(`Note: version ${version} is retired and cannot sign; nobody needs its key.\n`)
  }
  print(
    context,
    { profile, signingKey: key.name, version, state, fingerprint, thumbprint, publicKey: pem, mail },
    `Version ${version} of ${key.name}, ${state}${options.out === undefined ? '' : `, in ${options.out}`}\n${fingerprint}\n\n` +
      `A mail to your iAdvize contact:\n\n${mail}`,
  )
}
