import { credentialFault } from '../../config/clean-value.ts'
import { PadlockError } from '../../errors.ts'
import { readRegularFile } from '../../files/regular-file.ts'

/** Vault was not asked: it has denied nothing. */
const unusable = (detail: string) => new PadlockError('vault_unavailable', { detail })

/**
 * A credential from a variable, or from a file that is read again each time, without the white space around it.
 *
 * @param name the variable that names the file, for the message
 * @throws PadlockError `vault_unavailable` when the file cannot be read, is empty or holds what no credential does
 */
export async function credential(
  name: string,
  value: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (value !== undefined) {
    return value
  }
  let text: string
  try {
    text = (await readRegularFile(file as string)).toString().trim()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw unusable(`The file of ${name} cannot be read (${reason}).`)
  }
  const fault = credentialFault(text)
  if (fault !== undefined) {
    throw unusable(`The file of ${name} ${fault}.`)
  }
  return text
}
