import { urlProblems } from './url-problems.ts'

/** Values of VAULT_SKIP_VERIFY that skip nothing, as Vault's own command line reads them. */
const skipsNothing = /^(|0|f|false)$/i

/**
 * What is wrong with where Vault is, for `serve` and for commands alike: VAULT_ADDR is an http or https URL of scheme,
 * host and port, and plain HTTP off the loopback is allowed on purpose only.
 *
 * @param values the variables that are set; others than these are not looked at
 * @returns a line for each fault, by the variable's name; no value is repeated
 */
export function vaultAddressProblems(values: Readonly<Record<string, unknown>>): string[] {
  const { VAULT_ADDR, PADLOCK_ALLOW_INSECURE_VAULT } = values
  const problems = urlProblems(
    'VAULT_ADDR',
    VAULT_ADDR,
    'PADLOCK_ALLOW_INSECURE_VAULT',
    PADLOCK_ALLOW_INSECURE_VAULT,
  )
  const url = URL.parse(String(VAULT_ADDR))
  if (url !== null && problems.length === 0 && url.pathname + url.search + url.hash !== '/') {
    return ['VAULT_ADDR must hold nothing but scheme, host and port']
  }
  return problems
}

/** What is wrong with how Vault's certificate is checked and Padlock's own is shown; as `vaultAddressProblems`. */
export function vaultTlsProblems(values: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = []
  if (!skipsNothing.test(String(values.VAULT_SKIP_VERIFY ?? ''))) {
    problems.push(
      "VAULT_SKIP_VERIFY is not supported: without verification, another server could answer in Vault's place; give the CA in VAULT_CACERT",
    )
  }
  if (values.VAULT_CAPATH && !values.VAULT_CACERT) {
    problems.push('VAULT_CAPATH is not supported: give one PEM file in VAULT_CACERT')
  }
  if (!values.VAULT_CLIENT_CERT !== !values.VAULT_CLIENT_KEY) {
    problems.push('VAULT_CLIENT_CERT and VAULT_CLIENT_KEY go together')
  }
  return problems
}
