import { randomBytes } from 'node:crypto'
import { lstat, open, readFile, rename, unlink } from 'node:fs/promises'
import { refused } from '../exit.ts'

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
    if (!(await lstat(file)).isFile()) throw refused(`${file} is not a regular file; it is left alone.`)
    text = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return undefined
    if ((error as Error).name === 'CommandError') throw error
    throw refused(`${file} cannot be read (${reasonOf(error)}).`)
  }
  // Neither sent to Vault nor overwritten: it may be anything of the operator's.
  if (!/^[\w.-]{1,512}$/.test(text)) throw refused(`${file} does not hold a credential; it is left alone.`)
  return text
}

/** True when others than the owner may read or write a file. */
export async function isOpenToOthers(file: string): Promise<boolean> {
  return ((await lstat(file)).mode & 0o077) !== 0
}

/**
 * Makes a credential and writes it to a file of mode 0600, in one step. The file is opened first, so that no
 * credential is made which cannot be delivered.
 *
 * @param make gives the credential
 * @throws CommandError with exit code 1 when the file cannot be written
 */
export async function writeCredential(file: string, make: () => Promise<string>): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    throw refused(`${file} cannot be written (${reasonOf(error)}).`)
  })
  try {
    const value = await make()
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
