import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { settingsFaults } from '../../../src/vault/profiles/profile-settings.ts'
import { runCommandLine } from '../../support/terminal.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const { api, dir } = vault
const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken, HOME: dir }
const recipientFile = join(import.meta.dirname, '../../vectors/iadvize-public-key.txt')
const making = ['--issuer', 'https://shop.test', '--recipient-key', recipientFile]
const file = (name: string) => join(dir, name)

/** Runs `padlock setup` with these arguments. */
function run(args: string[], given: { input?: string; answer?: string; env?: NodeJS.ProcessEnv } = {}) {
  return runCommandLine(given.env ?? env, ['setup', ...args], given)
}

/** The same without questions, as JSON. */
async function report(args: string[]) {
  const outcome = await run([...args, '--yes', '--output', 'json'])
  t.equal(outcome.exitCode, 0, outcome.stderr)
  return JSON.parse(outcome.stdout)
}

const stateOf = (made: { steps: { kind: string; state: string }[] }, kind: string) =>
  made.steps.filter((step) => step.kind === kind).map(({ state }) => state)

/** Mounts of a test's own, so that each begins with nothing. */
let count = 0
function ownMounts() {
  count += 1
  const [transit, kv, approle] = [`transit${count}`, `kv${count}`, `approle${count}`]
  const prefix = `padlock${count}`
  const mounts = [
    ...['--transit-mount', transit, '--kv-mount', kv, '--approle-mount', approle],
    ...['--policy-prefix', prefix],
  ]
  return { mounts, transit, kv, approle, prefix }
}

/** The calls that changed something, as the audit log has them. */
async function changes(): Promise<string[]> {
  const lines = (await readFile(vault.auditLog, 'utf8')).trim().split('\n')
  return lines.flatMap((line) => {
    const { type, request } = JSON.parse(line)
    const lookup = /\/lookup$/.test(request.path)
    return type === 'request' && !lookup && !['read', 'list'].includes(request.operation)
      ? [`${request.operation} ${request.path}`]
      : []
  })
}

t.test('on an empty Vault: everything is made, as it should be', async (t) => {
  const made = await report([
    ...making,
    '--role-id-out',
    file('role-id'),
    '--secret-id-out',
    file('secret-id'),
  ])
  t.equal(made.changed, true)
  const key = (await api('GET', 'transit/keys/padlock-default')).body.data
  t.match(key, {
    ...{ type: 'rsa-2048', exportable: false, allow_plaintext_backup: false, deletion_allowed: false },
    ...{ auto_rotate_period: 0, latest_version: 1 },
  })
  t.equal((await api('DELETE', 'transit/keys/padlock-default')).status, 400, 'not deletable')

  const role = (await api('GET', 'auth/approle/role/padlock')).body.data
  t.match(role, {
    ...{ bind_secret_id: true, secret_id_num_uses: 0, secret_id_ttl: 90 * 86_400 },
    ...{ token_period: 3600, token_policies: ['padlock-signer'], token_no_default_policy: true },
    ...{ token_type: 'service', token_num_uses: 0 },
  })

  const profile = (await api('GET', 'secret/data/padlock/profiles/default')).body.data
  t.equal(profile.metadata.version, 1)
  t.same(settingsFaults(profile.data), [])
  const thumbprint = 'QspNamaz04P1Fh1DKF1IUvMLLiYJHmQhECR3ue0eJGU'
  t.match(profile.data, {
    issuer: 'https://shop.test',
    signingKey: 'padlock-default',
    signingKeyVersion: 1,
    tokenTtlSeconds: 60,
    activeRecipientKey: thumbprint,
    recipientKeys: { [thumbprint]: { publicKey: /BEGIN PUBLIC KEY/, addedBy: 'token' } },
    activatedBy: 'token',
    activatedAt: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
  })

  t.match(made.signingKey, { name: 'padlock-default', version: 1, publicKey: key.keys[1].public_key })
  t.match(made.recipientKey.fingerprint, /^sha256:ILHrw82G/)
  const days = (Date.parse(made.secretId.expiresAt) - Date.now()) / 86_400_000
  t.ok(days > 89.9 && days < 90.1, 'what is said of the secret_id is what Vault says')
})

t.test("a key for visitors' pseudonyms is made once, and again only when it is asked for", async (t) => {
  const stored = async () => (await api('GET', 'secret/data/padlock/audit/subject-key')).body.data
  const first = await stored()
  t.equal(Buffer.from(first.data.key, 'base64').length, 32)
  t.same(stateOf(await report([]), 'subject key'), ['unchanged'])
  t.same(await stored(), first)
  const renewed = await run(['--new-subject-key', '--yes'])
  t.match(renewed, { exitCode: 0, stdout: /update +subject key/, stderr: /newest ten versions/ })
  const second = await stored()
  t.equal(second.metadata.version, 2)
  t.not(second.data.key, first.data.key)
  t.notMatch(renewed.stdout, 'PUBLIC KEY', 'nobody sends iAdvize a key that it has')
  t.match(renewed.stdout, 'padlock key export default 1')
  t.notOk((renewed.stdout + renewed.stderr).includes(second.data.key), 'it is not shown')
  await api('DELETE', 'secret/data/padlock/audit/subject-key')
  t.same(stateOf(await report([]), 'subject key'), ['update'], 'after it was deleted, it is made again')
  t.equal((await stored()).metadata.version, 3)
})

t.test('its credentials are for their owner alone, and log in again and again', async (t) => {
  const credentials: Record<string, string> = {}
  for (const name of ['role-id', 'secret-id']) {
    t.equal((await stat(file(name))).mode & 0o777, 0o600)
    credentials[name.replace('-', '_')] = (await readFile(file(name), 'utf8')).trim()
  }
  for (let i = 0; i < 3; i++) {
    t.equal((await api('POST', 'auth/approle/login', credentials, '')).status, 200)
  }
  t.same(
    (await readdir(dir)).filter((name) => /id\./.test(name)),
    [],
    'no draft is left',
  )
})

t.test('failed logins do not lock the role for a good one', async (t) => {
  const [role_id, secret_id] = await Promise.all(
    ['role-id', 'secret-id'].map(async (name) => (await readFile(file(name), 'utf8')).trim()),
  )
  for (let i = 0; i < 6; i++) {
    t.equal((await api('POST', 'auth/approle/login', { role_id, secret_id: 'wrong' }, '')).status, 400)
  }
  t.equal((await api('POST', 'auth/approle/login', { role_id, secret_id }, '')).status, 200)
})

t.test('the second time there is nothing to change', async (t) => {
  const before = await changes()
  const files = ['--role-id-out', file('role-id'), '--secret-id-out', file('secret-id')]
  const again = await run([...making, ...files, '--yes'])
  t.match(again, { exitCode: 0, stdout: /Nothing to change\./, stderr: '' })
  t.notMatch(again.stdout, /^(create|update)/m)
  t.same(await changes(), before, 'Vault’s audit log has no change either')
  const bare = await run(['--yes'])
  t.match(bare, { exitCode: 0, stdout: /Nothing to change\./ }, 'without the options, too')
})

t.test('--dry-run says what would be done, and does nothing', async (t) => {
  const { mounts, transit } = ownMounts()
  const before = await changes()
  const outcome = await run([...making, ...mounts, '--dry-run', '--secret-id-out', file('dry')])
  t.equal(outcome.exitCode, 0)
  t.match(outcome.stdout, new RegExp(`create +transit engine +${transit}`))
  t.match(outcome.stdout, /create +signing key +padlock-default +rsa-2048; not exportable/)
  t.match(outcome.stdout, /create +secret_id/)
  t.match(outcome.stdout, /^Vault .*, profile default: 11 changes\n/)
  t.match(outcome.stdout, 'Dry run: nothing was changed.')
  t.same(await changes(), before)
  await t.rejects(stat(file('dry')))
  const json = await run([...making, ...mounts, '--dry-run', '--output', 'json'])
  t.match(JSON.parse(json.stdout), { dryRun: true, changed: true })
})

t.test('it asks before it changes anything', async (t) => {
  const { mounts } = ownMounts()
  const before = await changes()
  const refusal = await run([...making, ...mounts], { answer: 'n' })
  t.match(refusal, { exitCode: 1, stderr: /Make 10 changes\? \[y\/N\] .*Nothing was changed/s })
  t.match(await run([...making, ...mounts], { answer: '' }), { exitCode: 1 })
  t.same(await changes(), before)
  t.match(await run([...making, ...mounts], { answer: 'y' }), {
    exitCode: 0,
    stdout: /Done: 10 changes[\s\S]*hand to your iAdvize contact:\n\n-----BEGIN PUBLIC KEY/,
  })
})

t.test('faults of usage, a missing --yes included, are told before Vault is asked', async (t) => {
  // Nothing listens there: to ask it would end with exit code 3.
  const away = { ...env, VAULT_ADDR: 'http://127.0.0.1:9' }
  for (const [args, stderr] of [
    [[], /look at it with --dry-run, then give --yes/],
    [['--policies-only'], /give --yes/],
    [['--new-secret-id', '--yes'], /needs a place for it/],
    [['--no-approle', '--new-secret-id', '--yes'], /--no-approle makes no role_id/],
    [['--secret-id-ttl', '0', '--yes'], /never expires.*--secret-id-never-expires/],
    [['--secret-id-ttl', '1d', '--secret-id-never-expires', '--yes'], /not both/],
    [['--issuer', '', '--yes'], /would not be valid: \/issuer/],
    [['--issuer', 'x', '--recipient-key', file('none'), '--yes'], /cannot be read \(ENOENT\)/],
    [['--policies-only', '--profile', 'shop', '--yes'], /cannot be used with option '--profile/],
  ] as [string[], RegExp][]) {
    t.match(await run(args, { env: away }), { exitCode: 2, stdout: '', stderr }, args.join(' '))
  }
  const denied = await run(['--dry-run'], { env: { ...env, VAULT_TOKEN: 'nobody' } })
  t.match(denied, { exitCode: 1, stderr: /is without an administrator's rights/ })
})

t.test('keys of 3,072 and 4,096 bits, and a second profile beside the first', async (t) => {
  const { mounts, transit } = ownMounts()
  await report([...making, ...mounts, '--key-type', 'rsa-3072'])
  t.equal((await api('GET', `${transit}/keys/padlock-default`)).body.data.type, 'rsa-3072')
  const options = ['--profile', 'second', '--key-type', 'rsa-4096', '--key', 'padlock-own', '--ttl', '300']
  const second = await report([...making, ...mounts, ...options])
  t.same(second.steps.filter((step: { state: string }) => step.state === 'create').length, 2)
  t.match(second.signingKey, { name: 'padlock-own', version: 1 })
  t.equal((await api('GET', `${transit}/keys/padlock-own`)).body.data.type, 'rsa-4096')
  t.notMatch((await report(mounts)).changed, true, 'the type of a key that exists need not be given')
  t.match(await run([...mounts, '--key-type', 'rsa-2048', '--yes']), {
    exitCode: 1,
    stderr: /is rsa-3072, not rsa-2048/,
  })
})

t.test('a key that must not sign is refused, and nothing is made', async (t) => {
  const { mounts, transit } = ownMounts()
  await api('POST', `sys/mounts/${transit}`, { type: 'transit' })
  for (const [name, body, reason] of [
    ['exportable', { type: 'rsa-2048', exportable: true }, /is exportable/],
    ['backup', { type: 'rsa-2048', allow_plaintext_backup: true }, /plaintext backup/],
    ['ed25519', { type: 'ed25519' }, /type ed25519/],
  ] as [string, object, RegExp][]) {
    await api('POST', `${transit}/keys/padlock-${name}`, body)
    const before = await changes()
    const outcome = await run([...making, ...mounts, '--yes', '--profile', name])
    t.match(outcome, { exitCode: 1, stderr: reason })
    t.same(await changes(), before)
  }
})

t.test('a key that exists and is good is taken as it is', async (t) => {
  const { mounts, transit } = ownMounts()
  await api('POST', `sys/mounts/${transit}`, { type: 'transit' })
  await api('POST', `${transit}/keys/padlock-default`, { type: 'rsa-2048', auto_rotate_period: '24h' })
  await api('POST', `${transit}/keys/padlock-default/rotate`)
  await api('POST', `${transit}/keys/padlock-default/config`, { deletion_allowed: true })
  const made = await report([...making, ...mounts])
  t.same(stateOf(made, 'signing key'), ['update'])
  t.match(made.notes.join('\n'), /rotates padlock-default by itself every 1 day/)
  t.equal(made.signingKey.version, 2, 'the newest version is the one that is pinned')
  t.equal((await api('GET', `${transit}/keys/padlock-default`)).body.data.deletion_allowed, false)
})

t.test('an engine or method of another kind at the path', async (t) => {
  await api('POST', 'sys/mounts/kv-one', { type: 'kv', options: { version: '1' } })
  await api('POST', 'sys/auth/users', { type: 'userpass' })
  for (const [args, reason] of [
    [['--transit-mount', 'kv-one'], /type kv, not transit/],
    [['--kv-mount', 'kv-one'], /version 1/],
    [['--kv-mount', 'transit'], /type transit, not kv/],
    [['--approle-mount', 'users'], /type userpass/],
  ] as [string[], RegExp][]) {
    t.match(await run([...making, ...args, '--yes']), { exitCode: 1, stderr: reason }, args.join(' '))
  }
})

t.test('a profile that exists is left alone, and what differs is said', async (t) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const other = ['--issuer', 'other', '--ttl', '90', '--key', 'padlock-x', '--recipient-key', '-']
  const before = await changes()
  const outcome = await run([...other, '--yes'], { input: pem })
  t.match(outcome, { exitCode: 0, stdout: /Nothing to change/ })
  t.match(outcome.stderr, /keeps the issuer https:\/\/shop\.test; --issuer is not used/)
  t.match(outcome.stderr, /keeps 60 seconds; --ttl is not used/)
  t.match(outcome.stderr, /keeps the signing key padlock-default; --key is not used/)
  t.match(outcome.stderr, /keeps its active recipient key; --recipient-key is not used/)
  t.same(await changes(), before)
})

t.test('a profile that is not valid is left alone, and said to be so', async (t) => {
  await api('POST', 'secret/data/padlock/profiles/broken', { data: { issuer: 1 } })
  const made = await report(['--profile', 'broken', '--key', 'padlock-default'])
  t.match(made.notes.join('\n'), /The profile broken cannot sign .*\/issuer/)
  t.equal(made.changed, false)
})

t.test('a profile whose key is gone does not get a new one under the old name', async (t) => {
  const { mounts, transit, kv } = ownMounts()
  await report([...making, ...mounts])
  const key = `${transit}/keys/padlock-default`
  await api('POST', `${key}/config`, { deletion_allowed: true })
  await api('DELETE', key)
  t.match(await run([...mounts, '--yes']), { exitCode: 1, stderr: /is not in Vault.*iAdvize refuses/ })
  await api('DELETE', `${kv}/data/padlock/profiles/default`)
  const again = await report([...making, ...mounts])
  t.same(stateOf(again, 'profile'), ['create'], 'after the profile was deleted, it is made again')
})

t.test('what a new profile needs, and recipient keys that are refused', async (t) => {
  const { mounts } = ownMounts()
  t.match(await run([...mounts, '--yes']), { exitCode: 2, stderr: /--issuer .*--recipient-key/ })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const stdin = ['--issuer', 'x', '--recipient-key', '-', ...mounts, '--yes']
  const outcome = await run(stdin, { input: secret })
  t.match(outcome, { exitCode: 1, stderr: /PRIVATE key/ })
  t.notMatch(outcome.stderr + outcome.stdout, (secret.split('\n')[1] as string).slice(0, 16))
  t.match(await run(stdin, { input: 'x' }), { exitCode: 1, stderr: /no public key/ })
  const missing = ['--issuer', 'x', '--recipient-key', file('none'), ...mounts, '--yes']
  t.match(await run(missing), { exitCode: 2, stderr: /cannot be read \(ENOENT\)/ })
  const own = (await api('GET', 'transit/keys/padlock-default')).body.data.keys[1].public_key
  const swapped = [
    '--profile',
    'own',
    '--key',
    'padlock-default',
    '--issuer',
    'x',
    '--recipient-key',
    '-',
    '--yes',
  ]
  t.match(await run(swapped, { input: own }), { exitCode: 1, stderr: /own signing key/ })
})

t.test('a secret_id: not made twice, made again when it is asked for or works no longer', async (t) => {
  const { mounts, approle } = ownMounts()
  const args = [...making, ...mounts, '--secret-id-out', file('again'), '--secret-id-ttl', '30d']
  const first = await report(args)
  t.match(first.secretId, { file: file('again') })
  const secretId = await readFile(file('again'), 'utf8')
  const list = async () =>
    (await api('LIST', `auth/${approle}/role/padlock/secret-id`)).body.data.keys as string[]

  t.notOk((await report(args)).secretId)
  t.equal(await readFile(file('again'), 'utf8'), secretId)
  t.same(await list(), [first.secretId.accessor])

  const second = await report([...args, '--new-secret-id'])
  t.same(stateOf(second, 'secret_id'), ['update'])
  t.match(second.notes.join('\n'), /The old secret_id works until/)
  t.not(await readFile(file('again'), 'utf8'), secretId)
  t.equal((await list()).length, 2)

  const path = `auth/${approle}/role/padlock/secret-id-accessor/destroy`
  await api('POST', path, { secret_id_accessor: second.secretId.accessor })
  t.same(stateOf(await report(args), 'secret_id'), ['update'], 'the one in the file was destroyed')
})

t.test('a secret_id that runs out soon is said to', async (t) => {
  const { mounts } = ownMounts()
  const args = [...making, ...mounts, '--secret-id-out', file('soon'), '--secret-id-ttl', '36h']
  await report(args)
  t.match((await report(args)).notes.join('\n'), /runs out in less than (1|2) days?: give --new-secret-id/)
})

t.test('a secret_id that ran out is made anew, though Vault still lists it', async (t) => {
  const { mounts } = ownMounts()
  const args = [...making, ...mounts, '--secret-id-out', file('short'), '--secret-id-ttl', '1s']
  await report(args)
  await delay(1_100)
  t.same(stateOf(await report(args), 'secret_id'), ['update'])
})

t.test('a secret_id that is wrapped: opened once, and not made twice', async (t) => {
  const { mounts, approle } = ownMounts()
  const args = [...making, ...mounts, '--wrap-ttl', '10m', '--secret-id-out', file('wrapped')]
  const made = await report(args)
  t.match(made.secretId, { wrapTtlSeconds: 600, file: file('wrapped') })
  t.notOk(made.secretId.wrappingToken, 'it stands in the file alone')
  t.match((await report(args)).steps.at(-2), { state: 'unchanged', detail: /not opened yet/ })
  const token = (await readFile(file('wrapped'), 'utf8')).trim()
  const opened = await api('POST', 'sys/wrapping/unwrap', {}, token)
  const credentials = { role_id: made.roleId, secret_id: opened.body.data.secret_id }
  t.equal((await api('POST', `auth/${approle}/login`, credentials, '')).status, 200)
  t.equal((await api('POST', 'sys/wrapping/unwrap', {}, token)).status, 400, 'only once')
  t.match((await report(args)).steps.at(-2), { state: 'unchanged', detail: /one was made before/ })
  const another = await report([...args, '--new-secret-id'])
  t.match(another.secretId, { wrapTtlSeconds: 600 })

  const { mounts: others } = ownMounts()
  const shown = await run([...making, ...others, '--wrap-ttl', '60s', '--yes'])
  t.match(shown.stdout, /wrapping token +(hvs|s)\.\S+/)
  t.match(await run([...others, '--wrap-ttl', '60s', '--yes']), { exitCode: 0, stdout: /Nothing to change/ })
})

t.test('the life of a secret_id is chosen, and never cut without a word', async (t) => {
  const { mounts, approle } = ownMounts()
  // A mount that someone else made, with Vault's own limit of 32 days.
  await api('POST', `sys/auth/${approle}`, { type: 'approle' })
  const long = await run([...making, ...mounts, '--yes', '--secret-id-ttl', '90d'])
  t.match(long, { exitCode: 1, stderr: /longer than 32 days.*vault auth tune -max-lease-ttl=2160h/ })
  const args = [...making, ...mounts, '--secret-id-out', file('limited')]
  const made = await report(args)
  const days = (Date.parse(made.secretId.expiresAt) - Date.now()) / 86_400_000
  t.ok(days > 31.9 && days < 32.1)
  t.equal((await api('GET', `auth/${approle}/role/padlock`)).body.data.secret_id_ttl, 32 * 86_400)

  const forever = await report([...args, '--secret-id-never-expires', '--new-secret-id'])
  t.equal(forever.secretId.expiresAt, null)
  t.match((await report(args)).steps.at(-2).detail, /never expires/, 'and stays so when nothing is said')
})

t.test('the role: what is not given stays, what is given changes, what Padlock needs is set', async (t) => {
  const { mounts, approle, prefix } = ownMounts()
  const bounds = [
    '--secret-id-bound-cidrs',
    '127.0.0.1/32,10.0.0.0/8',
    '--token-bound-cidrs',
    '127.0.0.1,::1',
  ]
  await report([...making, ...mounts, ...bounds, '--token-period', '30m'])
  const role = `auth/${approle}/role/padlock`
  const expected = {
    secret_id_bound_cidrs: ['127.0.0.1/32', '10.0.0.0/8'],
    token_bound_cidrs: ['127.0.0.1', '::1'],
    token_period: 1800,
  }
  t.match((await api('GET', role)).body.data, expected)
  t.equal((await report(mounts)).changed, false)
  t.equal((await report([...mounts, ...bounds])).changed, false)

  await api('POST', role, { token_policies: ['root'], secret_id_num_uses: 1, token_no_default_policy: false })
  const outcome = await run([...mounts, '--dry-run'])
  t.match(
    outcome.stdout,
    /secret_id_num_uses 1 -> 0; token_no_default_policy false -> true; token_policies root -> /,
  )
  t.same(stateOf(await report(mounts), 'AppRole role'), ['update'])
  t.match((await api('GET', role)).body.data, { ...expected, token_policies: [`${prefix}-signer`] })

  await report([...mounts, '--token-bound-cidrs', ''])
  t.match((await api('GET', role)).body.data, { token_bound_cidrs: [], token_period: 1800 })
})

t.test('a policy that someone changed is put right, which is said', async (t) => {
  const path = 'sys/policies/acl/padlock-signer'
  const { policy } = (await api('GET', path)).body.data
  await api('POST', path, { policy: 'path "*" { capabilities = ["sudo"] }' })
  const made = await report([])
  t.same(stateOf(made, 'policy'), ['update', 'unchanged', 'unchanged'])
  t.match(made.notes.join('\n'), /padlock-signer .* loses its rights/)
  t.equal((await api('GET', path)).body.data.policy, policy)
})

t.test('a file that is something else is neither sent to Vault nor overwritten', async (t) => {
  await writeFile(file('notes'), 'my notes\nabout life\n')
  const args = ['--secret-id-out', file('notes')]
  t.match(await run([...args, '--yes']), { exitCode: 1, stderr: /does not hold a credential/ })
  t.match(await run([...args, '--yes', '--new-secret-id']), { exitCode: 1 })
  t.equal(await readFile(file('notes'), 'utf8'), 'my notes\nabout life\n')
  t.match(await run(['--role-id-out', dir, '--yes']), { exitCode: 1, stderr: /not a regular file/ })
  const nowhere = ['--secret-id-out', join(dir, 'none', 'secret-id'), '--yes']
  const list = () => api('LIST', 'auth/approle/role/padlock/secret-id')
  const before = (await list()).body.data.keys.length
  t.match(await run(nowhere), { exitCode: 1, stderr: /cannot be written \(ENOENT\)/ })
  t.equal((await list()).body.data.keys.length, before, 'no secret_id is made which reaches nobody')
  await chmod(file('secret-id'), 0o644)
  t.match(await run(['--secret-id-out', file('secret-id'), '--yes']), { stderr: /Others may read/ })
})

t.test('--no-approle makes no login', async (t) => {
  const { mounts, approle } = ownMounts()
  const made = await report([...making, ...mounts, '--no-approle'])
  t.same(stateOf(made, 'AppRole role'), [])
  t.notOk(made.roleId)
  t.equal((await api('GET', `sys/auth/${approle}`)).status, 400)
  const both = [...mounts, '--no-approle', '--secret-id-out', file('x'), '--yes']
  t.match(await run(both), { exitCode: 2, stderr: /--no-approle/ })
})

t.test('a run that broke off is finished by the next', async (t) => {
  const { mounts, transit, kv } = ownMounts()
  // Half of the work, as a run leaves it that ended after the key.
  await api('POST', `sys/mounts/${transit}`, { type: 'transit' })
  await api('POST', `sys/mounts/${kv}`, { type: 'kv', options: { version: '2' } })
  await api('POST', `${transit}/keys/padlock-default`, { type: 'rsa-2048' })
  const made = await report([...making, ...mounts])
  t.same(stateOf(made, 'signing key'), ['unchanged'])
  t.same(stateOf(made, 'profile'), ['create'])
})

t.test('as a program: its exit codes', async (t) => {
  const main = join(import.meta.dirname, '../../../src/main.ts')
  const padlock = async (args: string[], variables: NodeJS.ProcessEnv = {}) => {
    const child = execFile(process.execPath, [main, 'setup', '--yes', ...args], {
      env: { ...env, ...variables },
    })
    const [code] = await once(child, 'exit')
    return code
  }
  t.equal(await padlock([]), 0)
  t.equal(await padlock(['--profile', 'UPPER']), 2)
  t.equal(await padlock([], { VAULT_TOKEN: '' }), 2)
  t.equal(await padlock([], { VAULT_ADDR: 'http://127.0.0.1:9' }), 3)
  t.equal(await padlock([], { PADLOCK_KV_MOUNT: 'transit' }), 1, 'mounts come from the service’s variables')
})
