/** The standard variables of Vault's command line that Padlock reads or refuses; OpenBao's have its own prefix. */
const names = [
  ...['ADDR', 'TOKEN', 'NAMESPACE', 'CACERT', 'CAPATH', 'CLIENT_CERT', 'CLIENT_KEY'],
  ...['TLS_SERVER_NAME', 'SKIP_VERIFY'],
]

const taken = (env: NodeJS.ProcessEnv) => names.filter((name) => !env[`VAULT_${name}`] && env[`BAO_${name}`])

/**
 * The environment in which each standard variable of Vault that is not set, or empty, has the value of OpenBao's of the
 * same name: `BAO_ADDR` for `VAULT_ADDR`, and so on.
 */
export function withBaoVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    ...Object.fromEntries(taken(env).map((name) => [`VAULT_${name}`, env[`BAO_${name}`]])),
  }
}

/** A message in which each variable has the name by which it was given. */
export function asGiven(env: NodeJS.ProcessEnv, message: string): string {
  const given = taken(env)
  return message.replace(/\bVAULT_([A-Z_]+)/g, (name, rest) => (given.includes(rest) ? `BAO_${rest}` : name))
}
