import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { serviceLogins } from '../../src/commands/audit/flags.ts'
import { policyText } from '../../src/vault/admin/policies.ts'
import { auditRunner, reconciled } from '../support/audit.ts'
import { testVault, type VaultAnswer } from '../support/vault.ts'

// Issue 16, row 8: whatever gives the power to sign to somebody, and whoever uses it, is a finding, whatever its path.

const vault = await testVault(t)
const { api } = vault
const issuanceLog = join(vault.dir, 'issuance.log')
await writeFile(issuanceLog, '')
await api('POST', 'sys/mounts/transit', { type: 'transit' })
await api('POST', 'transit/keys/padlock-default', { type: 'rsa-2048' })
const mounts = { transitMount: 'transit', kvMount: 'secret', appRoleMount: 'approle', appRoleName: 'padlock' }
const signer = await policyText('signer', mounts)
await api('PUT', 'sys/policies/acl/padlock-signer', { policy: signer })
await api('PUT', 'sys/policies/acl/other', { policy: 'path "secret/data/other" { capabilities = ["read"] }' })
for (const type of ['approle', 'userpass', 'jwt']) {
  await api('POST', `sys/auth/${type}`, { type })
}
await api('POST', 'sys/auth/team/ci', { type: 'approle' })

/** A login of an AppRole role; gives the token. */
async function roleLogin(
  mount: string,
  role: string,
  policies: string[],
): Promise<() => Promise<VaultAnswer>> {
  const path = `auth/${mount}/role/${role}`
  await api('POST', path, { token_policies: policies, token_no_default_policy: true, token_period: '1h' })
  const role_id = (await api('GET', `${path}/role-id`)).body.data.role_id
  const secret_id = (await api('POST', `${path}/secret-id`)).body.data.secret_id
  return () => api('POST', `auth/${mount}/login`, { role_id, secret_id }, '')
}
const serviceLogin = await roleLogin('approle', 'padlock', ['padlock-signer'])
const secondRole = await roleLogin('approle', 'second', ['padlock-signer'])
const sameName = await roleLogin('team/ci', 'padlock', ['padlock-signer'])
const harmlessRole = await roleLogin('team/ci', 'build', ['other'])
const tokenOf = ({ body }: VaultAnswer): string => body.auth.client_token

await api('POST', 'auth/userpass/users/ann', { password: 'ann-ann-ann' })
await api('POST', 'auth/userpass/users/eve', { password: 'eve-eve-eve', token_policies: ['padlock-signer'] })
await api('POST', 'auth/userpass/users/fay', { password: 'fay-fay-fay' })
const login = (user: string) =>
  api('POST', `auth/userpass/login/${user}`, { password: `${user}-${user}-${user}` }, '')
const fay = await login('fay')
await api('POST', 'identity/group', {
  ...{ name: 'signers', policies: ['padlock-signer'] },
  member_entity_ids: [fay.body.auth.entity_id],
})
await api('POST', 'auth/token/roles/signer', { allowed_policies: ['padlock-signer'], orphan: true })
const made = async (policies: string[], more: object = {}, path = 'auth/token/create') =>
  tokenOf(await api('POST', path, { policies, ...more }))
const strangers = await made(['padlock-signer'])
const forged = await made(['padlock-signer'], { meta: { role_name: 'padlock' }, display_name: 'approle' })
const serviceToken = tokenOf(await serviceLogin())

const wrapped = async (path: string, body: object, token = vault.rootToken): Promise<string> => {
  const answer = await fetch(`${vault.address}/v1/${path}`, {
    method: 'POST',
    headers: { ...(token && { 'X-Vault-Token': token }), 'X-Vault-Wrap-TTL': '60s' },
    body: JSON.stringify(body),
  })
  return ((await answer.json()) as { wrap_info: { token: string } }).wrap_info.token
}
const hidden = await wrapped('auth/token/create', { policies: ['padlock-signer'] })

const input = createHash('sha256').update('x').digest('base64')
const sign = (token: string) =>
  api(
    'POST',
    'transit/sign/padlock-default/sha2-256',
    {
      ...{ prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws' },
      key_version: '1',
      input,
    },
    token,
  )
const pem = (await api('GET', 'transit/keys/padlock-default')).body.data.keys['1'].public_key
const backup = async () => {
  await api('POST', 'transit/keys/padlock-copy', {
    type: 'rsa-2048',
    exportable: true,
    allow_plaintext_backup: true,
  })
  return (await api('GET', 'transit/backup/padlock-copy')).body.data.backup
}
const copy = await backup()
const accessorOf = async (mount: string) => (await api('GET', 'sys/auth')).body.data[`${mount}/`].accessor
const userpass = await accessorOf('userpass')
const policy = (paths: string) => ({ policy: `path "${paths}" { capabilities = ["update", "sudo"] }` })

/** OpenBao has another name for it. */
const rootAttempt = vault.binary.endsWith('bao')
  ? 'sys/generate-root-token/attempt'
  : 'sys/generate-root/attempt'
const run = await auditRunner(vault)

/** What `padlock audit reconcile` finds in an interval of its own, in which something is done. */
async function findings(action: () => Promise<unknown>, more: string[] = []) {
  await sleep(20)
  const since = Date.now()
  await action()
  await sleep(20)
  const interval = { since, until: Date.now() }
  const logs = { log: [vault.auditLog], issuanceLog: [issuanceLog] }
  const report = await reconciled(run, interval, logs, more)
  const seen = [...new Set(report.findings.map(({ kind }) => kind))].filter(
    (kind) => !aboutLogs.includes(kind),
  )
  return { report, kinds: seen.sort() }
}
/** Nothing was issued here: what is said of the empty issuance log is no matter of this file. */
const aboutLogs: string[] = ['log_unusable', 'log_gap', 'unexplained_signature']

const post =
  (path: string, body: object = {}) =>
  () =>
    api('POST', path, body)
const put =
  (path: string, body: object = {}) =>
  () =>
    api('PUT', path, body)
const remove = (path: string) => () => api('DELETE', path)

/** Each way to the power to sign, or to whoever has it, and the findings that it must be. */
const ways: [what: string, does: () => Promise<unknown>, kinds: string[]][] = [
  // Tokens that were given out.
  ['a token by hand', () => made(['padlock-signer']), ['signer_token_made']],
  [
    'an orphan by hand',
    () => made(['padlock-signer'], {}, 'auth/token/create-orphan'),
    ['signer_token_made'],
  ],
  ['by a token role', () => made(['padlock-signer'], {}, 'auth/token/create/signer'), ['signer_token_made']],
  ['a batch token', () => made(['padlock-signer'], { type: 'batch' }), ['signer_token_made']],
  [
    'one that calls itself the service',
    () => made(['padlock-signer'], { meta: { role_name: 'padlock' }, display_name: 'approle' }),
    ['signer_token_made'],
  ],
  ['a root token', () => made(['root']), ['signer_token_made']],
  ['a login of another role', secondRole, ['signer_token_made']],
  ['a login of a role of the same name elsewhere', sameName, ['signer_token_made']],
  ['a login of a user with the policy', () => login('eve'), ['signer_token_made']],
  ['a login of a member of a group with the policy', () => login('fay'), ['signer_token_made']],
  [
    'a wrapped token, not unwrapped',
    () => wrapped('auth/token/create', { policies: ['padlock-signer'] }),
    ['signer_token_made'],
  ],
  [
    'a wrapped login',
    () => wrapped('auth/userpass/login/eve', { password: 'eve-eve-eve' }, ''),
    ['signer_token_made'],
  ],
  ['an unwrapping', () => api('POST', 'sys/wrapping/unwrap', {}, hidden), ['signer_token_made']],
  [
    'a wrapped token, unwrapped by way of its cubbyhole',
    async () => {
      const token = await wrapped('auth/token/create', { policies: ['padlock-signer'] })
      return api('GET', 'cubbyhole/response', undefined, token)
    },
    ['signer_token_made'],
  ],
  [
    'a wrapped token, wrapped again',
    async () => {
      const token = await wrapped('auth/token/create', { policies: ['padlock-signer'] })
      return api(
        'POST',
        'sys/wrapping/unwrap',
        {},
        (await api('POST', 'sys/wrapping/rewrap', { token })).body.wrap_info.token,
      )
    },
    ['signer_token_made'],
  ],
  // Tokens that are used: made before the interval.
  ['a signature with it', () => sign(strangers), ['signer_token_used']],
  [
    'a look at itself with it',
    () => api('GET', 'auth/token/lookup-self', undefined, strangers),
    ['signer_token_used'],
  ],
  ['a renewal of it', () => api('POST', 'auth/token/renew-self', {}, strangers), ['signer_token_used']],
  [
    'something that is refused',
    () => api('GET', 'secret/data/nothing', undefined, strangers),
    ['signer_token_used'],
  ],
  ['one that calls itself the service, used', () => sign(forged), ['signer_token_used']],
  [
    'a token from before its group had the policy',
    () => api('GET', 'auth/token/lookup-self', undefined, tokenOf(fay)),
    ['signer_token_used'],
  ],
  // Logins.
  ['a login method', put('sys/auth/new', { type: 'userpass' }), ['mount_changed']],
  ['its removal', remove('sys/auth/new'), ['mount_changed']],
  ['its tuning', post('sys/auth/userpass/tune', { description: 'x' }), ['mount_changed']],
  ['its tuning as a mount', post('sys/mounts/auth/userpass/tune', { description: 'x' }), ['mount_changed']],
  ['a move of a login method', post('sys/remount', { from: 'auth/jwt', to: 'auth/jwt2' }), ['mount_changed']],
  ['a user', post('auth/userpass/users/joe', { password: 'joe-joe-joe' }), ['login_changed']],
  [
    'a user whose name is that of a path',
    post('auth/userpass/users/login', { password: 'x-x-x-x-x' }),
    ['login_changed'],
  ],
  [
    "a user's password",
    post('auth/userpass/users/joe/password', { password: 'joe-joe-jo2' }),
    ['login_changed'],
  ],
  [
    "a user's policies",
    post('auth/userpass/users/joe/policies', { token_policies: ['x'] }),
    ['login_changed'],
  ],
  ["a user's removal", remove('auth/userpass/users/joe'), ['login_changed']],
  ["the service's role", post('auth/approle/role/padlock', { token_period: '1h' }), ['login_changed']],
  ["the service's secret_id", post('auth/approle/role/padlock/secret-id'), ['login_changed']],
  [
    'a custom secret_id',
    post('auth/approle/role/padlock/custom-secret-id', { secret_id: 'x' }),
    ['login_changed'],
  ],
  ['a secret_id of another role', post('auth/approle/role/second/secret-id'), ['login_changed']],
  ['a secret_id on another mount', post('auth/team/ci/role/padlock/secret-id'), ['login_changed']],
  ['a role named login', post('auth/team/ci/role/login', { token_policies: ['x'] }), ['login_changed']],
  [
    'the policies of a role',
    post('auth/approle/role/second/policies', { token_policies: ['x'] }),
    ['login_changed'],
  ],
  [
    'whose tokens a method takes',
    post('auth/jwt2/config', { jwt_validation_pubkeys: [pem] }),
    ['login_changed'],
  ],
  [
    'a role of JWTs',
    post('auth/jwt2/role/x', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: ['x'],
      token_policies: ['x'],
    }),
    ['login_changed'],
  ],
  ['a token role', post('auth/token/roles/x', { allowed_policies: ['padlock-signer'] }), ['login_changed']],
  // Identities.
  ['an entity', post('identity/entity', { name: 'e', policies: ['padlock-signer'] }), ['identity_changed']],
  ['an entity by its name', post('identity/entity/name/e', { policies: ['x'] }), ['identity_changed']],
  [
    'an alias',
    async () => {
      const { id } = (await api('GET', 'identity/entity/name/e')).body.data
      return api('POST', 'identity/entity-alias', { name: 'ann', canonical_id: id, mount_accessor: userpass })
    },
    ['identity_changed'],
  ],
  ['a group', post('identity/group', { name: 'g', policies: ['padlock-signer'] }), ['identity_changed']],
  ['a member', post('identity/group/name/signers', { policies: ['padlock-signer'] }), ['identity_changed']],
  [
    'a group of another system, by its alias',
    async () => {
      const { body } = await api('POST', 'identity/group', { name: 'ext', type: 'external', policies: ['x'] })
      return api('POST', 'identity/group-alias', {
        ...{ name: 'ext', canonical_id: body.data.id, mount_accessor: await accessorOf('jwt2') },
      })
    },
    ['identity_changed'],
  ],
  [
    'entities that become one',
    async () => {
      const id = async (name: string) => (await api('POST', 'identity/entity', { name })).body.data.id
      return api('POST', 'identity/entity/merge', {
        ...{ from_entity_ids: [await id('e1')], to_entity_id: await id('e2') },
      })
    },
    ['identity_changed'],
  ],
  // Policies.
  ["the signer's policy", put('sys/policies/acl/padlock-signer', { policy: signer }), ['policy_changed']],
  ['the same by its old path', put('sys/policy/padlock-signer', { policy: signer }), ['policy_changed']],
  ['another that opens the key', put('sys/policies/acl/x', policy('transit/sign/*')), ['policy_changed']],
  ['one that opens everything', put('sys/policies/acl/default', policy('*')), ['policy_changed']],
  ['the removal of a policy', remove('sys/policies/acl/x'), ['policy_changed']],
  // Keys.
  [
    "the key's configuration",
    post('transit/keys/padlock-copy/config', { deletion_allowed: true }),
    ['key_config_changed'],
  ],
  ['a new version', post('transit/keys/padlock-copy/rotate'), ['key_rotated']],
  ['an export', () => api('GET', 'transit/export/signing-key/padlock-copy'), ['key_exported']],
  ['a backup', () => api('GET', 'transit/backup/padlock-copy'), ['key_exported']],
  ['a restored key', post('transit/restore/padlock-restored', { backup: copy }), ['key_imported']],
  [
    'the configuration of all keys',
    post('transit/config/keys', { disable_upsert: false }),
    ['key_config_changed'],
  ],
  ['an HMAC with the key', post('transit/hmac/padlock-copy/sha2-256', { input }), ['key_used_otherwise']],
  ['a move of the engine', post('sys/remount', { from: 'transit', to: 'moved' }), ['mount_changed']],
  ['and back', post('sys/remount', { from: 'moved', to: 'transit' }), ['mount_changed']],
  ['its tuning', post('sys/mounts/transit/tune', { description: 'x' }), ['mount_changed']],
  // Vault itself.
  [
    'a plugin that is loaded anew',
    put('sys/plugins/reload/backend', { plugin: 'userpass' }),
    ['mount_changed'],
  ],
  ['a root token that is begun', put(rootAttempt), ['root_access']],
  ['and given up', remove(rootAttempt), ['root_access']],
  [
    'an audit device',
    put('sys/audit/extra', { type: 'file', options: { file_path: '/dev/null' } }),
    ['audit_device_changed'],
  ],
]

/** What a shared Vault sees all day. */
const everyday: [what: string, does: () => Promise<unknown>][] = [
  ["the service's login", serviceLogin],
  ["the service's renewal", () => api('POST', 'auth/token/renew-self', {}, serviceToken)],
  ["the service's renewal by somebody else", () => api('POST', 'auth/token/renew', { token: serviceToken })],
  ["a look at the service's token", () => api('GET', 'auth/token/lookup-self', undefined, serviceToken)],
  [
    "a look at the service's secret_id",
    () => api('POST', 'auth/approle/role/padlock/secret-id/lookup', { secret_id: 'x' }),
  ],
  ['a login of a user without the policy', () => login('ann')],
  ['a login of a role without the policy', harmlessRole],
  ['a token without the policy', () => made(['other'])],
  [
    'a wrapped token without the policy, unwrapped',
    async () =>
      api('POST', 'sys/wrapping/unwrap', {}, await wrapped('auth/token/create', { policies: ['other'] })),
  ],
  ['a login that is refused', () => api('POST', 'auth/userpass/login/ann', { password: 'no' }, '')],
  ['a revocation', () => api('POST', 'auth/token/revoke', { token: 'x' })],
  ['reading policies and logins', () => api('GET', 'sys/policies/acl/padlock-signer')],
  ['listing users', () => api('LIST', 'auth/userpass/users')],
  ['the help of a path', () => api('GET', 'auth/userpass/users/x?help=1')],
  ["another team's engine", () => api('POST', 'sys/mounts/team', { type: 'kv' })],
  ["another team's key", () => api('POST', 'transit/keys/team', { type: 'aes256-gcm96' })],
  ["another team's secret", () => api('POST', 'secret/data/team', { data: { a: '1' } })],
  [
    'a password policy',
    () =>
      api('PUT', 'sys/policies/password/p', { policy: 'length = 20\nrule "charset" { charset = "abcdef" }' }),
  ],
  ['an identity token', () => api('POST', 'identity/oidc/key/k', { allowed_client_ids: ['*'] })],
  ['looking up an entity', () => api('POST', 'identity/lookup/entity', { name: 'e' })],
  ["the barrier's own key", () => api('PUT', 'sys/rotate')],
  ['what a token may do', () => api('POST', 'sys/capabilities-self', { paths: ['x'] })],
  [
    'verifying a signature',
    () => api('POST', 'transit/verify/padlock-default/sha2-256', { input, signature: 'x' }),
  ],
]

for (const [what, does, kinds] of ways) {
  t.test(`found: ${what}`, async (t) => {
    let status = 200
    const { kinds: found } = await findings(async () => {
      const answer = await does()
      if (typeof answer === 'object' && answer !== null && 'status' in answer) {
        status = Number(answer.status)
      }
    })
    t.strictSame(found, kinds)
    if (kinds.length > 0 && !what.includes('refused')) {
      t.ok(status < 300, `Vault did it: ${status}`)
    }
  })
}

for (const [what, does] of everyday) {
  t.test(`no finding: ${what}`, async (t) => t.strictSame((await findings(does)).kinds, []))
}

t.test('which login is the service’s can be said', async (t) => {
  const again = await findings(secondRole, ['--service-login', 'approle/padlock', 'approle/second'])
  t.strictSame(again.kinds, [])
  const user = await findings(() => login('eve'), ['--service-login', 'userpass/eve'])
  t.strictSame(user.kinds, [])
  const nested = await findings(sameName, ['--service-login', 'auth/team/ci/padlock'])
  t.strictSame(nested.kinds, [])
  const hand = await made(['padlock-signer'], { display_name: 'padlock' })
  const use = () => api('GET', 'auth/token/lookup-self', undefined, hand)
  t.strictSame((await findings(use)).kinds, ['signer_token_used'])
  t.strictSame((await findings(use, ['--service-login', 'token/padlock'])).kinds, [])
  const renamed = await findings(() => made(['other']), ['--signer-policy', 'other'])
  t.strictSame(renamed.kinds, ['signer_token_made'])
  t.throws(() => serviceLogins('padlock'), /auth mount and the role/)
})
