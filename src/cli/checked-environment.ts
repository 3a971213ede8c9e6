import { cleanValue, textFault } from '../config/clean-value.ts'
import { refusedSwitches } from '../config/platform-switches.ts'
import { usageError } from './exit.ts'

/** Variables that commands read, and whose text is not checked where they are read. */
const names = [
  'VAULT_ADDR',
  'VAULT_NAMESPACE',
  'VAULT_CACERT',
  'VAULT_CLIENT_CERT',
  'VAULT_CLIENT_KEY',
  'VAULT_TLS_SERVER_NAME',
  'PADLOCK_URL',
]

/**
 * For every command that opens a connection: refuses what `serve` refuses too, switches of Node and OpenSSL, and values
 * that hold control characters.
 *
 * @throws CommandError with exit code 2 and all that is wrong
 */
export function checkEnvironment(env: NodeJS.ProcessEnv): void {
  const faults = names.flatMap((name) => {
    const fault = textFault(cleanValue(env[name] ?? ''))
    return fault === undefined ? [] : [`${name} ${fault}`]
  })
  const refused = [...refusedSwitches(env), ...faults]
  if (refused.length > 0) {
    throw usageError(`${refused.join('.\n')}.`)
  }
}
