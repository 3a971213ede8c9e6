import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runSetup } from '../../../src/commands/setup/run.ts'
import { parseRecipientKey } from '../../../src/keys/recipient-key.ts'
import { policyRoles, policyText } from '../../../src/vault/admin/policies.ts'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import { runCommandLine } from '../../support/terminal.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const { api } = vault
const client = createVaultClient({ address: vault.address })
t.teardown(() => client.close())
const vectors = join(import.meta.dirname, '../../vectors')
const recipientKey = parseRecipientKey(await readFile(join(vectors, 'iadvize-public-key.txt')))

/** What `padlock setup` makes, on the given mounts, and the tokens that its policies give. */
async function setUp(
  transitMount: string,
  kvMount: string,
  appRoleMount: string,
  role: string,
  policyPrefix = 'padlock',
) {
  const secretIdFile = join(vault.dir, `secret-id-${appRoleMount.replace('/', '-')}`)
  const report = await runSetup(client, vault.rootToken, {
    ...{ profile: 'default', issuer: 'https://shop.test', recipientKey, transitMount, kvMount },
    policyPrefix,
    appRole: { mount: appRoleMount, role, secretIdFile },
  })
  const secretId = (await readFile(secretIdFile, 'utf8')).trim()
  const credentials = { role_id: report.roleId, secret_id: secretId }
  const login = await api('POST', `auth/${appRoleMount}/login`, credentials, '')
  const tokenWith = async (policy: string) => {
    const made = await api('POST', 'auth/token/create', { policies: [policy], no_default_policy: true })
    return made.body.auth.client_token as string
  }
  return {
    secretId,
    accessor: report.secretId?.accessor,
    publicKey: report.signingKey?.publicKey as string,
    login: login.body.auth,
    signer: login.body.auth.client_token as string,
    operator: await tokenWith(`${policyPrefix}-operator`),
    auditor: await tokenWith(`${policyPrefix}-auditor`),
  }
}

const made = await setUp('transit', 'secret', 'approle', 'padlock')
await api('POST', 'transit/keys/other', { type: 'rsa-2048' })
await api('POST', 'secret/data/other', { data: { password: 'x' } })
await api('POST', 'secret/data/padlock/other', { data: { password: 'x' } })

const message = 'header.payload'
const digest = createHash('sha256').update(message).digest('base64')
const good = {
  input: digest,
  prehashed: true,
  signature_algorithm: 'pkcs1v15',
  marshaling_algorithm: 'jws',
  key_version: '1',
}
const { input: _, ...goodButInput } = good

type Call = [method: string, path: string, body?: object]

/** Makes each call with a token and says which did not answer 403. */
async function allowedOf(token: string, calls: Call[]): Promise<string[]> {
  const answers = await Promise.all(
    calls.map(async ([method, path, body]) => {
      const { status } = await api(method, path, body, token)
      return status === 403 ? [] : [`${status} ${method} ${path} ${JSON.stringify(body ?? {})}`]
    }),
  )
  return answers.flat()
}

t.test("the service's token has one policy, is periodic and renewable", async (t) => {
  t.match(made.login, {
    policies: ['padlock-signer'],
    token_type: 'service',
    renewable: true,
    lease_duration: 3600,
  })
  t.same(made.login.policies, ['padlock-signer'], 'and not `default`')
})

t.test('the service signs RS256 with a profile’s key, one by one and in batches', async (t) => {
  const isGood = (signature: string) =>
    verify(
      'RSA-SHA256',
      Buffer.from(message),
      createPublicKey(made.publicKey),
      Buffer.from(signature, 'base64url'),
    )
  const one = await api('POST', 'transit/sign/padlock-default/sha2-256', good, made.signer)
  t.ok(isGood(one.body.data.signature.split(':')[2]))
  const batch = { ...goodButInput, batch_input: [{ input: digest, reference: 'a' }, { input: digest }] }
  const two = await api('POST', 'transit/sign/padlock-default/sha2-256', batch, made.signer)
  for (const { signature } of two.body.data.batch_results) {
    t.ok(isGood(signature.split(':')[2]))
  }
})

t.test('what an item of a batch says of itself changes nothing', async (t) => {
  const item = { input: digest, signature_algorithm: 'pss', prehashed: 'false', hash_algorithm: 'sha2-512' }
  const batch = { ...goodButInput, batch_input: [item, { input: digest }] }
  const answer = await api('POST', 'transit/sign/padlock-default/sha2-256', batch, made.signer)
  const [first, second] = answer.body.data.batch_results
  t.equal(first.signature, second.signature)
})

t.test('the service does what it needs', async (t) => {
  for (const [status, ...[method, path, body]] of [
    [200, 'GET', 'transit/keys/padlock-default'],
    [200, 'GET', 'secret/data/padlock/profiles/default'],
    [200, 'GET', 'secret/metadata/padlock/profiles/default'],
    [200, 'LIST', 'secret/metadata/padlock/profiles'],
    [200, 'GET', 'secret/data/padlock/audit/subject-key'],
    [200, 'GET', 'auth/token/lookup-self'],
    [200, 'POST', 'auth/token/renew-self', {}],
    [200, 'POST', 'auth/approle/role/padlock/secret-id/lookup', { secret_id: made.secretId }],
  ] as [number, ...Call][]) {
    t.equal((await api(method, path, body, made.signer)).status, status, `${method} ${path}`)
  }
})

t.test('the service cannot sign otherwise, or with another key', async (t) => {
  const path = 'transit/sign/padlock-default/sha2-256'
  const without = (field: string) =>
    Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))
  t.same(
    await allowedOf(made.signer, [
      ['POST', 'transit/sign/other/sha2-256', good],
      ['POST', 'transit/sign/xpadlock-default/sha2-256', good],
      ['POST', path, { ...good, signature_algorithm: 'pss' }],
      ['POST', path, { ...good, prehashed: false }],
      ['POST', path, { ...good, hash_algorithm: 'sha2-512' }],
      ['POST', path, { ...good, algorithm: 'sha2-512' }],
      ['POST', path, { ...good, salt_length: 'auto' }],
      ['POST', path, { ...good, context: 'AAAA' }],
      ['POST', path, without('signature_algorithm')],
      ['POST', path, without('prehashed')],
      ['POST', path, without('key_version')],
      ['POST', 'transit/sign/padlock-default', { ...good, hash_algorithm: 'none' }],
      ['POST', 'transit/hmac/padlock-default/sha2-256', { input: digest }],
      ['POST', 'transit/decrypt/padlock-default', { ciphertext: 'vault:v1:AAAA' }],
      ['POST', 'transit/encrypt/padlock-default', { plaintext: 'AAAA' }],
    ]),
    [],
  )
})

t.test('the service cannot take a key out, change one, or see others', async (t) => {
  const key = 'transit/keys/padlock-default'
  t.same(
    await allowedOf(made.signer, [
      ['GET', 'transit/export/signing-key/padlock-default'],
      ['GET', 'transit/export/signing-key/padlock-default/1'],
      ['GET', 'transit/export/encryption-key/padlock-default'],
      ['GET', 'transit/export/public-key/padlock-default'],
      ['GET', 'transit/backup/padlock-default'],
      ['GET', 'transit/byok-export/other/padlock-default'],
      ['POST', 'transit/restore/padlock-copy', { backup: 'AAAA' }],
      ['POST', `${key}/rotate`, {}],
      ['POST', `${key}/config`, { exportable: true }],
      ['POST', `${key}/config`, { min_encryption_version: 1 }],
      ['POST', `${key}/trim`, { min_available_version: 1 }],
      ['POST', `${key}/csr`, {}],
      ['POST', `${key}/set-certificate`, { certificate_chain: 'x' }],
      ['DELETE', key],
      ['POST', 'transit/keys/padlock-new', { type: 'rsa-2048' }],
      ['POST', 'transit/keys/padlock-new/import', { type: 'rsa-2048' }],
      ['GET', 'transit/keys/other'],
      ['LIST', 'transit/keys'],
    ]),
    [],
  )
})

t.test('the service cannot change a profile, read elsewhere, or look after logins', async (t) => {
  const profile = 'secret/data/padlock/profiles/default'
  t.same(
    await allowedOf(made.signer, [
      ['POST', profile, { data: { issuer: 'x' } }],
      ['DELETE', profile],
      ['POST', 'secret/delete/padlock/profiles/default', { versions: [1] }],
      ['POST', 'secret/undelete/padlock/profiles/default', { versions: [1] }],
      ['POST', 'secret/destroy/padlock/profiles/default', { versions: [1] }],
      ['POST', 'secret/metadata/padlock/profiles/default', { max_versions: 1 }],
      ['DELETE', 'secret/metadata/padlock/profiles/default'],
      ['POST', 'secret/data/padlock/profiles/new', { data: {} }],
      ['POST', 'secret/data/padlock/audit/subject-key', { data: {} }],
      ['GET', 'secret/metadata/padlock/audit/subject-key'],
      ['GET', 'secret/data/padlock/audit/other'],
      ['GET', 'secret/data/padlock/other'],
      ['GET', 'secret/data/other'],
      ['LIST', 'secret/metadata'],
      ['LIST', 'secret/metadata/padlock'],
      ['GET', 'auth/approle/role/padlock'],
      ['GET', 'auth/approle/role/padlock/role-id'],
      ['POST', 'auth/approle/role/padlock/secret-id', {}],
      ['LIST', 'auth/approle/role/padlock/secret-id'],
      ['POST', 'auth/approle/role/padlock/secret-id/destroy', { secret_id: made.secretId }],
      ['POST', 'auth/approle/role/padlock/secret-id-accessor/lookup', { secret_id_accessor: made.accessor }],
      ['POST', 'auth/approle/role/other/secret-id/lookup', { secret_id: made.secretId }],
      ['POST', 'auth/token/create', {}],
      ['POST', 'auth/token/lookup', { token: vault.rootToken }],
    ]),
    [],
  )
})

t.test('the service cannot see or change how Vault is run', async (t) => {
  t.same(
    await allowedOf(made.signer, [
      ['GET', 'sys/audit'],
      ['POST', 'sys/audit/x', { type: 'file' }],
      ['POST', 'sys/audit-hash/file', { input: digest }],
      ['GET', 'sys/policies/acl/padlock-signer'],
      ['POST', 'sys/policies/acl/padlock-signer', { policy: 'path "*" { capabilities = ["sudo"] }' }],
      ['GET', 'sys/mounts'],
      ['GET', 'sys/auth'],
      ['GET', 'sys/capabilities-self'],
      ['POST', 'sys/seal', {}],
      ['LIST', 'auth/token/accessors'],
      ['POST', 'identity/entity', { name: 'x' }],
    ]),
    [],
  )
})

t.test('the operator keeps keys and profiles', async (t) => {
  const { operator } = made
  const does = async (...[method, path, body]: Call) => (await api(method, path, body, operator)).status
  t.equal(await does('POST', 'transit/keys/padlock-shop', { type: 'rsa-3072' }), 200)
  t.equal(await does('POST', 'transit/keys/padlock-shop/rotate', {}), 200)
  t.equal(await does('GET', 'transit/keys/padlock-shop'), 200)
  t.equal(await does('POST', 'transit/keys/padlock-shop/config', { min_encryption_version: 2 }), 200)
  // A key that the service signs with has paths of its own.
  t.equal(await does('GET', 'transit/keys/padlock-default'), 200)
  t.equal(await does('POST', 'transit/keys/padlock-default/rotate'), 200)
  t.equal(await does('POST', 'transit/keys/padlock-default/config', { min_encryption_version: 1 }), 200)
  const profile = { options: { cas: 0 }, data: { issuer: 'x' } }
  t.equal(await does('POST', 'secret/data/padlock/profiles/shop', profile), 200)
  t.equal(await does('GET', 'secret/data/padlock/profiles/shop'), 200)
  t.equal(await does('GET', 'secret/metadata/padlock/profiles/shop'), 200)
  t.equal(await does('LIST', 'secret/metadata/padlock/profiles'), 200)
  t.equal(await does('DELETE', 'secret/data/padlock/profiles/shop'), 204)
  t.equal(await does('GET', 'auth/token/lookup-self'), 200)
})

t.test('with this policy the commands work, and with the service’s none does', async (t) => {
  const keyFile = join(vectors, 'iadvize-public-key.txt')
  const certificate = join(vectors, 'recipient-certificate.pem')
  const fingerprint = 'sha256:6kbhHLMGj8kvQ5quO172x2D3nx4fSEKiVoLIFfh5heU'
  const steps: string[][] = [
    ['profile', 'create', 'desk', '--issuer', 'https://desk.test', '--recipient-key', keyFile, '--yes'],
    ['profile', 'list'],
    ['profile', 'show', 'desk'],
    ['profile', 'show', 'desk', '--history'],
    ['profile', 'update', 'desk', '--set', 'tokenTtlSeconds=90s', '--yes'],
    ['profile', 'rollback', 'desk', '--yes'],
    ['recipient', 'add', 'desk', certificate, '--yes'],
    ['recipient', 'activate', 'desk', '--fingerprint', fingerprint, '--yes'],
    ['recipient', 'remove', 'desk', 'QspNamaz04P1Fh1DKF1IUvMLLiYJHmQhECR3ue0eJGU', '--yes'],
    ['recipient', 'list', 'desk'],
    ['profile', 'validate', 'desk'],
    ['profile', 'delete', 'desk', '--confirm', 'desk', '--yes'],
    ['profile', 'rollback', 'desk', '--yes'],
  ]
  const as = (token: string) => ({ VAULT_ADDR: vault.address, VAULT_TOKEN: token })
  for (const args of steps) {
    const { exitCode, stderr } = await runCommandLine(as(made.operator), args)
    t.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`)
  }
  const before = await api('GET', 'secret/metadata/padlock/profiles/desk')
  for (const args of [
    ['profile', 'create', 'other', '--issuer', 'x', '--recipient-key', keyFile, '--yes'],
    ['profile', 'update', 'desk', '--set', 'jti=true', '--yes'],
    ['profile', 'rollback', 'desk', '--to', '2', '--yes'],
    ['profile', 'delete', 'desk', '--confirm', 'desk', '--yes'],
    ['recipient', 'add', 'desk', keyFile, '--yes'],
  ] as typeof steps) {
    const outcome = await runCommandLine(as(made.signer), args)
    t.match(
      outcome,
      { exitCode: 1, stderr: /Vault denied the call.*VAULT_TOKEN.*the policy padlock-operator/ },
      args.join(' '),
    )
  }
  t.same((await api('GET', 'secret/metadata/padlock/profiles/desk')).body.data, before.body.data)
})

t.test('the operator cannot sign, nor get at what could', async (t) => {
  const key = 'transit/keys/padlock-default'
  t.same(
    await allowedOf(made.operator, [
      ['POST', 'transit/sign/padlock-default/sha2-256', good],
      ['POST', 'transit/sign/padlock-default', good],
      ['GET', 'transit/export/signing-key/padlock-default'],
      ['GET', 'transit/backup/padlock-default'],
      ['POST', `${key}/config`, { exportable: true }],
      ['POST', `${key}/config`, { allow_plaintext_backup: true }],
      ['POST', `${key}/config`, { deletion_allowed: true }],
      ['POST', `${key}/config`, { auto_rotate_period: '1h' }],
      ['POST', `${key}/trim`, { min_available_version: 1 }],
      ['POST', `${key}/config`, { exportable: false }],
      ['POST', `${key}/csr`, { csr: 'x' }],
      ['POST', `${key}/csr`, {}],
      ['POST', `${key}/rotate`, { external_key_ref: 'x:y' }],
      ['POST', `${key}/rotate`, { managed_key_name: 'x' }],
      ['POST', `${key}/import_version`, {}],
      ['POST', `${key}/soft-delete-restore`],
      ['POST', `${key}/soft-delete-restore`, { type: 'rsa-2048' }],
      ['DELETE', `${key}/soft-delete`],
      ['POST', `${key}/whatever-comes-later`],
      ['DELETE', key],
      ['POST', 'transit/keys/padlock-open', { type: 'rsa-2048', exportable: true }],
      ['POST', 'transit/keys/padlock-open', { type: 'ed25519' }],
      ['POST', 'transit/keys/padlock-open/import', { type: 'rsa-2048', ciphertext: 'AAAA' }],
      ['POST', 'transit/keys/other/rotate', {}],
      ['GET', 'transit/keys/other'],
      ['DELETE', 'secret/metadata/padlock/profiles/default'],
      ['POST', 'secret/metadata/padlock/profiles/default', { max_versions: 1 }],
      ['POST', 'secret/destroy/padlock/profiles/default', { versions: [1] }],
      ['POST', 'secret/delete/other', { versions: [1] }],
      ['POST', 'secret/undelete/other', { versions: [1] }],
      ['GET', 'secret/data/other'],
      ['GET', 'secret/data/padlock/audit/subject-key'],
      ['POST', 'secret/data/padlock/audit/subject-key', { data: {} }],
      ['POST', 'auth/approle/role/padlock/secret-id', {}],
      ['GET', 'auth/approle/role/padlock/role-id'],
      ['POST', 'auth/approle/role/padlock', { token_policies: ['root'] }],
      ['POST', 'sys/policies/acl/padlock-operator', { policy: '' }],
      ['POST', 'auth/token/create', { policies: ['padlock-signer'] }],
      ['GET', 'sys/audit'],
    ]),
    [],
  )
})

t.test('the operator never gets at policies, in any way', async (t) => {
  const names = ['padlock-signer', 'padlock-operator', 'padlock-auditor', 'padlock-new', 'default', 'root']
  const paths = names.flatMap((name) => [`sys/policies/acl/${name}`, `sys/policy/${name}`])
  t.same(
    await allowedOf(made.operator, [
      ...paths.flatMap((path): Call[] => [
        ['GET', path],
        ['POST', path, { policy: 'path "*" { capabilities = ["sudo"] }' }],
        ['DELETE', path],
      ]),
      ...[
        'sys/policies/acl',
        'sys/policy',
        'sys/policies/password',
        'sys/policies/egp',
        'sys/policies/rgp',
      ].map((path): Call => ['LIST', path]),
      ['POST', 'sys/policies/password/x', { policy: 'length = 8' }],
      ['POST', 'sys/capabilities', { paths: ['transit/sign/padlock-default/sha2-256'], token: made.signer }],
    ]),
    [],
  )
})

t.test('of a CSR the operator cannot choose a word', async (t) => {
  // A path that ends in a glob covers this one too, for a key that the service does not sign with: Vault signs a request
  // of its own making, with no subject.
  const answer = await api('POST', 'transit/keys/padlock-shop/csr', {}, made.operator)
  t.match(answer.body.data.csr, 'BEGIN CERTIFICATE REQUEST')
  const template = { csr: answer.body.data.csr }
  t.equal((await api('POST', 'transit/keys/padlock-shop/csr', template, made.operator)).status, 403)
})

t.test('the auditor reads, and changes nothing', async (t) => {
  const { auditor } = made
  t.equal((await api('GET', 'sys/audit', undefined, auditor)).status, 200)
  const hash = await api('POST', 'sys/audit-hash/file', { input: digest }, auditor)
  t.match(hash.body.data.hash, /^hmac-sha256:/)
  t.equal((await api('GET', 'transit/keys/padlock-default', undefined, auditor)).status, 200)
  t.equal((await api('GET', 'secret/data/padlock/profiles/default', undefined, auditor)).status, 200)
  t.equal((await api('LIST', 'secret/metadata/padlock/profiles', undefined, auditor)).status, 200)
  t.equal((await api('GET', 'secret/data/padlock/audit/subject-key', undefined, auditor)).status, 200)
  t.same(
    await allowedOf(auditor, [
      ['POST', 'secret/data/padlock/audit/subject-key', { data: {} }],
      ['GET', 'secret/data/padlock/audit/other'],
      ['POST', 'transit/sign/padlock-default/sha2-256', good],
      ['POST', 'transit/keys/padlock-default/rotate', {}],
      ['POST', 'transit/keys/padlock-new', { type: 'rsa-2048' }],
      ['GET', 'transit/export/signing-key/padlock-default'],
      ['POST', 'secret/data/padlock/profiles/default', { data: {} }],
      ['POST', 'sys/audit/x', { type: 'file' }],
      ['DELETE', 'sys/audit/file'],
      ['POST', 'auth/approle/role/padlock/secret-id', {}],
    ]),
    [],
  )
})

t.test('the files are fit for the default mounts as they stand', async (t) => {
  const paths = {
    transitMount: 'transit',
    kvMount: 'secret',
    appRoleMount: 'approle',
    appRoleName: 'padlock',
  }
  for (const role of policyRoles) {
    const file = join(import.meta.dirname, '../../../vault-policies', `${role}.hcl`)
    t.equal(await policyText(role, paths), await readFile(file, 'utf8'))
  }
})

t.test('on other mounts the same holds, and nothing of the default ones', async (t) => {
  const other = await setUp('team/transit', 'team/kv', 'team/approle', 'tokens', 'team')
  const does = async (...[method, path, body]: Call) => (await api(method, path, body, other.signer)).status
  t.equal(await does('POST', 'team/transit/sign/padlock-default/sha2-256', good), 200)
  t.equal(await does('GET', 'team/kv/data/padlock/profiles/default'), 200)
  t.equal(await does('LIST', 'team/kv/metadata/padlock/profiles'), 200)
  const lookup = 'auth/team/approle/role/tokens/secret-id/lookup'
  t.equal(await does('POST', lookup, { secret_id: other.secretId }), 200)
  t.same(
    await allowedOf(other.signer, [
      ['POST', 'transit/sign/padlock-default/sha2-256', good],
      ['GET', 'transit/keys/padlock-default'],
      ['GET', 'secret/data/padlock/profiles/default'],
      ['POST', 'auth/approle/role/padlock/secret-id/lookup', { secret_id: made.secretId }],
    ]),
    [],
  )
})

t.test('last of all, the service revokes its own token', async (t) => {
  t.equal((await api('POST', 'auth/token/revoke-self', {}, made.signer)).status, 204)
  t.equal((await api('GET', 'auth/token/lookup-self', undefined, made.signer)).status, 403)
})
