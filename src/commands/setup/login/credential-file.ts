import { randomBytes } from 'node:crypto'
import { lstat, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { refused } from '../../../cli/exit.ts'
import { readRegularFile } from '../../../files/regular-file.ts'

/** What a credential looks like, of Vault (a UUID, `hvs.…`) and of OpenBao (`s.…`). */
const credential = /^[\w.-]{1,512}$/

const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown reason'

/**
 * Reads a credential which an earlier set-up wrote.
 *
 * @returns undefined when there is no such file
 * @throws CommandError with exit code 1 for a file that holds something else, which is then left alone
 */
export async function readCredential(file: string): Promise<string | undefined> {
  let text: string
  try {
    if (!(await lstat(file)).isFile()) {
      throw refused(`${file} is not a regular file; it is left alone.`)
    }
    text = (await readRegularFile(file)).toString().trim()
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') {
      return undefined
    }
    if ((error as Error).name === 'CommandError') {
      throw error
    }
    throw refused(`${file} cannot be read (${reasonOf(error)}).`)
  }
  // Neither sent to Vault nor overwritten: it may be anything of the operator's.
  if (!credential.test(text)) {
    throw refused(`${file} does not hold a credential; it is left alone.`)
  }
  return text
}

/** True when others than the owner may read or write a file. */
export async function isOpenToOthers(file: string): Promise<boolean> {
  return ((await lstat(file)).mode & 0o077) !== 0
}

/**
 * The drafts beside a file that runs left which were killed (`<file>.<12 hex digits>`, see `writeCredential`); empty
 * where there is no such folder.
 */
export async function draftsOf(file: string): Promise<string[]> {
  const [folder, start] = [dirname(file), `${basename(file)}.`]
  const names = await readdir(folder).catch(() => [])
  const drafts: string[] = []
  for (const name of names.sort()) {
    if (!name.startsWith(start) || !/^[0-9a-f]{12}$/.test(name.slice(start.length))) {
      continue
    }
    const path = join(folder, name)
    const state = await lstat(path)
    if (state.isFile() && (state.mode & 0o777) === 0o600 && state.uid === process.getuid?.()) {
      drafts.push(path)
    }
  }
  return drafts
}

/**
 * Makes a credential and writes it to a file of mode 0600, in one step. The file is opened first, so that no
 * credential is made which cannot be delivered.
 *
 * @param make gives the credential; undefined where Vault has none
 * @throws CommandError with exit code 1 when the file cannot be written, or Vault gave no credential to write
 */
export async function writeCredential(file: string, make: () => Promise<string | undefined>): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    throw refused(`${file} cannot be written (${reasonOf(error)}).`)
  })
  try {
    const value = await make()
    if (value === undefined || !credential.test(value)) {
      throw refused(`Vault gave no credential for ${file}, which is not written: run the set-up again.`)
    }
    await handle.writeFile(`${value}\n`)
    await handle.sync()
    await handle.close()
    await rename(draft, file)
  } catch (error) {
    await handle.close().catch(() => {})
    await unlink(draft).catch(() => {})
    throw error
  }
}
