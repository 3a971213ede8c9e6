import t from 'tap'
import { isTokenUnused } from '../../src/config/vault-auth.ts'
import { configProblems } from '../support/config.ts'

/** What is wrong with the variables of a login; nothing when they can be used. */
const problemsOf = (method: string, env: NodeJS.ProcessEnv = {}) =>
  configProblems({
    PADLOCK_CALLER_JWKS_URL: 'https://issuer.test/keys',
    PADLOCK_CALLER_ISSUER: 'https://issuer.test',
    PADLOCK_CALLER_AUDIENCE: 'padlock',
    PADLOCK_VAULT_AUTH: method,
    ...env,
  })

const roleId = { PADLOCK_VAULT_ROLE_ID: 'r' }
const certificate = { VAULT_CLIENT_CERT: 'cert.pem', VAULT_CLIENT_KEY: 'key.pem' }
const oneSecretId =
  'set exactly one of PADLOCK_VAULT_SECRET_ID, PADLOCK_VAULT_SECRET_ID_FILE and PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE'

const rules: [what: string, method: string, env: NodeJS.ProcessEnv, problems: string[]][] = [
  ['AppRole, by values', 'approle', { ...roleId, PADLOCK_VAULT_SECRET_ID: 's' }, []],
  [
    'AppRole, by files',
    'approle',
    { PADLOCK_VAULT_ROLE_ID_FILE: 'r', PADLOCK_VAULT_SECRET_ID_FILE: 's' },
    [],
  ],
  [
    'AppRole, wrapped, of a role',
    'approle',
    { ...roleId, PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE: 'w', PADLOCK_VAULT_ROLE: 'shop' },
    [],
  ],
  ['AppRole without a secret_id', 'approle', roleId, [oneSecretId]],
  [
    'AppRole with a secret_id and a wrapped one',
    'approle',
    { ...roleId, PADLOCK_VAULT_SECRET_ID_FILE: 's', PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE: 'w' },
    [oneSecretId],
  ],
  [
    'AppRole with a role that nothing would check',
    'approle',
    { ...roleId, PADLOCK_VAULT_SECRET_ID: 's', PADLOCK_VAULT_ROLE: 'shop' },
    ['PADLOCK_VAULT_ROLE is read for AppRole only with PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE'],
  ],
  ['a token', 'token', { VAULT_TOKEN: 'hvs.x' }, []],
  ['no token', 'token', {}, ['set exactly one of VAULT_TOKEN and VAULT_TOKEN_FILE']],
  [
    'two tokens',
    'token',
    { VAULT_TOKEN: 'hvs.x', VAULT_TOKEN_FILE: 'token' },
    ['set exactly one of VAULT_TOKEN and VAULT_TOKEN_FILE'],
  ],
  ['JWT', 'jwt', { PADLOCK_VAULT_ROLE: 'shop', PADLOCK_VAULT_JWT_FILE: 'jwt' }, []],
  [
    'JWT without its parts, and with those of two other logins',
    'jwt',
    { PADLOCK_VAULT_SECRET_ID_FILE: 's', VAULT_TOKEN_FILE: 't' },
    [
      'PADLOCK_VAULT_SECRET_ID_FILE does not go with PADLOCK_VAULT_AUTH=jwt',
      'VAULT_TOKEN_FILE does not go with PADLOCK_VAULT_AUTH=jwt',
      'PADLOCK_VAULT_ROLE is required with PADLOCK_VAULT_AUTH=jwt',
      'PADLOCK_VAULT_JWT_FILE is required with PADLOCK_VAULT_AUTH=jwt',
    ],
  ],
  ['Kubernetes', 'kubernetes', { PADLOCK_VAULT_ROLE: 'shop' }, []],
  [
    'Kubernetes without a role',
    'kubernetes',
    {},
    ['PADLOCK_VAULT_ROLE is required with PADLOCK_VAULT_AUTH=kubernetes'],
  ],
  ['a client certificate', 'cert', certificate, []],
  [
    'a client certificate that is none, over plain HTTP',
    'cert',
    { VAULT_ADDR: 'http://127.0.0.1:8200' },
    [
      'VAULT_CLIENT_CERT is required with PADLOCK_VAULT_AUTH=cert',
      'VAULT_CLIENT_KEY is required with PADLOCK_VAULT_AUTH=cert',
      'VAULT_ADDR must be https with PADLOCK_VAULT_AUTH=cert, whose login is a TLS certificate',
    ],
  ],
  ['an agent', 'none', { VAULT_ADDR: 'http://127.0.0.1:8100' }, []],
  [
    'an agent, and a login beside it',
    'none',
    { ...roleId, PADLOCK_VAULT_AUTH_MOUNT: 'approle', PADLOCK_VAULT_ROLE: 'shop' },
    [
      'PADLOCK_VAULT_AUTH_MOUNT does not go with PADLOCK_VAULT_AUTH=none',
      'PADLOCK_VAULT_ROLE_ID does not go with PADLOCK_VAULT_AUTH=none',
      'PADLOCK_VAULT_ROLE does not go with PADLOCK_VAULT_AUTH=none',
    ],
  ],
  [
    'a role that would leave its path',
    'kubernetes',
    { PADLOCK_VAULT_ROLE: '../sys' },
    ['PADLOCK_VAULT_ROLE must match pattern "^\\w[\\w.-]*$"'],
  ],
]
for (const [what, method, env, problems] of rules) {
  t.test(what, async (t) => t.strictSame(problemsOf(method, env), problems))
}

t.test("a token that stands in an operator's shell is told of, where it is not used", async (t) => {
  t.strictSame(problemsOf('none', { VAULT_TOKEN: 'hvs.x' }), [])
  t.equal(isTokenUnused({ PADLOCK_VAULT_AUTH: 'none', VAULT_TOKEN: 'hvs.x' }), true)
  t.equal(isTokenUnused({ PADLOCK_VAULT_AUTH: 'token', VAULT_TOKEN: 'hvs.x' }), false)
  t.equal(isTokenUnused({ PADLOCK_VAULT_AUTH: 'none' }), false)
})
