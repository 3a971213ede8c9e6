import { readFile } from 'node:fs/promises'
import { PadlockError } from '../../errors.ts'

/**
 * A credential from a variable, or from a file that is read anew each time, without the line feed at its end.
 *
 * @param name the variable that names the file, for the message
 * @throws PadlockError `vault_denied` when the file cannot be read or is empty
 */
export async function credential(
  name: string,
  value: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (value !== undefined) return value
  let text: string
  try {
    text = (await readFile(file as string, 'utf8')).trim()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw new PadlockError('vault_denied', { detail: `The file of ${name} cannot be read (${reason}).` })
  }
  if (text === '') throw new PadlockError('vault_denied', { detail: `The file of ${name} is empty.` })
  return text
}
