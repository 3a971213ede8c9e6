import { Type } from 'typebox'
import { mount, optional } from './schema-types.ts'

const methods = ['approle', 'token', 'jwt', 'kubernetes', 'cert', 'none'] as const
type Method = (typeof methods)[number]

/** The variables of Padlock's own login to Vault. */
export const vaultAuthProperties = {
  PADLOCK_VAULT_AUTH: Type.Union(
    methods.map((method) => Type.Literal(method)),
    { default: 'approle', description: 'How Padlock logs in to Vault (docs/vault-login.md)' },
  ),
  PADLOCK_VAULT_AUTH_MOUNT: Type.Optional(
    mount('Mount of the auth method, without `auth/`; by default the name of the method'),
  ),
  PADLOCK_VAULT_ROLE_ID: optional('AppRole: the role_id'),
  PADLOCK_VAULT_ROLE_ID_FILE: optional('AppRole: file that holds the role_id; read again at each login'),
  PADLOCK_VAULT_SECRET_ID: optional('AppRole: the secret_id'),
  PADLOCK_VAULT_SECRET_ID_FILE: optional(
    'AppRole: file that holds the secret_id; read again at each login and when it changes',
  ),
  PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE: optional(
    'AppRole: file that holds a wrapping token, which is opened once for the secret_id in it',
  ),
  PADLOCK_VAULT_ROLE: optional(
    'jwt, kubernetes: the role; cert: the role, where not any may match; AppRole: the role whose secret_id is wrapped (`padlock` without it)',
    { pattern: '^\\w[\\w.-]*$' },
  ),
  PADLOCK_VAULT_JWT_FILE: optional(
    "jwt, kubernetes: file that holds the JWT; read again at each login; for kubernetes the pod's own by default",
  ),
  VAULT_TOKEN: optional('token: the token itself'),
  VAULT_TOKEN_FILE: optional(
    'token: file that holds the token; read again at each login and when it changes',
  ),
}

type Name = keyof typeof vaultAuthProperties

/** Which variables each method reads, beside those that all do. */
const variablesOf: Record<Method, readonly Name[]> = {
  approle: [
    'PADLOCK_VAULT_AUTH_MOUNT',
    'PADLOCK_VAULT_ROLE_ID',
    'PADLOCK_VAULT_ROLE_ID_FILE',
    'PADLOCK_VAULT_SECRET_ID',
    'PADLOCK_VAULT_SECRET_ID_FILE',
    'PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE',
    'PADLOCK_VAULT_ROLE',
  ],
  token: ['VAULT_TOKEN', 'VAULT_TOKEN_FILE'],
  jwt: ['PADLOCK_VAULT_AUTH_MOUNT', 'PADLOCK_VAULT_ROLE', 'PADLOCK_VAULT_JWT_FILE'],
  kubernetes: ['PADLOCK_VAULT_AUTH_MOUNT', 'PADLOCK_VAULT_ROLE', 'PADLOCK_VAULT_JWT_FILE'],
  cert: ['PADLOCK_VAULT_AUTH_MOUNT', 'PADLOCK_VAULT_ROLE'],
  none: [],
}

/** Values that may not have passed the schema. */
type Unchecked = Readonly<Record<string, unknown>>

const isMethod = (value: unknown): value is Method => methods.includes(value as Method)

/** VAULT_TOKEN stands in many an operator's shell: it is passed over with a warning where it is not used. */
export function isTokenUnused(config: Unchecked): boolean {
  return config.VAULT_TOKEN !== undefined && config.PADLOCK_VAULT_AUTH !== 'token'
}

/** What is wrong with the variables of the login taken together, each by its name. */
export function vaultAuthProblems(config: Unchecked): string[] {
  const method = config.PADLOCK_VAULT_AUTH
  // The schema reports it.
  if (!isMethod(method)) {
    return []
  }
  const problems: string[] = []
  const isSet = (name: string) => config[name] !== undefined
  const exactlyOne = (...names: Name[]) => {
    if (names.filter(isSet).length !== 1) {
      problems.push(`set exactly one of ${listOf(names)}`)
    }
  }
  const required = (...names: string[]) => {
    for (const name of names) {
      if (!isSet(name)) {
        problems.push(`${name} is required with PADLOCK_VAULT_AUTH=${method}`)
      }
    }
  }
  const known: readonly string[] = ['PADLOCK_VAULT_AUTH', 'VAULT_TOKEN', ...variablesOf[method]]
  for (const name of Object.keys(vaultAuthProperties).filter(isSet)) {
    if (!known.includes(name)) {
      problems.push(`${name} does not go with PADLOCK_VAULT_AUTH=${method}`)
    }
  }
  if (method === 'approle') {
    exactlyOne('PADLOCK_VAULT_ROLE_ID', 'PADLOCK_VAULT_ROLE_ID_FILE')
    exactlyOne(
      'PADLOCK_VAULT_SECRET_ID',
      'PADLOCK_VAULT_SECRET_ID_FILE',
      'PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE',
    )
    if (isSet('PADLOCK_VAULT_ROLE') && !isSet('PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE')) {
      problems.push('PADLOCK_VAULT_ROLE is read for AppRole only with PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE')
    }
  }
  if (method === 'token') {
    exactlyOne('VAULT_TOKEN', 'VAULT_TOKEN_FILE')
  }
  if (method === 'jwt') {
    required('PADLOCK_VAULT_ROLE', 'PADLOCK_VAULT_JWT_FILE')
  }
  if (method === 'kubernetes') {
    required('PADLOCK_VAULT_ROLE')
  }
  if (method === 'cert') {
    required('VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY')
    if (URL.parse(String(config.VAULT_ADDR))?.protocol === 'http:') {
      problems.push('VAULT_ADDR must be https with PADLOCK_VAULT_AUTH=cert, whose login is a TLS certificate')
    }
  }
  return problems
}

const listOf = (names: readonly string[]) => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
