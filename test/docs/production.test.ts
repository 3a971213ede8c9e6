import { execFile } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { acceptToken } from '../../dev/accept-token.ts'
import { findVaultBinary } from '../../tools/vault/vault-binary.ts'
import { RaftNode } from '../faults/harness/raft-node.ts'
import { audience, issuer, testIssuer } from '../support/callers.ts'
import { blocksOf } from '../support/readme.ts'
import { startService, type TestBackend, type TestService } from '../support/service.ts'
import { runCommandLine } from '../support/terminal.ts'
import { vaultApi } from '../support/vault.ts'

const root = join(import.meta.dirname, '..', '..')
const page = new URL('../../docs/production.md', import.meta.url)
const blocks = await blocksOf(page)
const ran = new Set(['connect'])

const dir = await mkdtemp(join(tmpdir(), 'padlock-production-'))
t.teardown(() => rm(dir, { recursive: true, force: true }))
const work = join(dir, 'work')
const secrets = join(dir, 'secrets')
await Promise.all(['work', 'secrets', 'audit', 'bin'].map((name) => mkdir(join(dir, name))))
await symlink((await findVaultBinary()).path, join(dir, 'bin', 'vault'))
await symlink(join(root, 'vault-policies'), join(work, 'vault-policies'))
const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 })
const bare = recipient.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
await writeFile(join(work, 'iadvize.pub'), bare)

let node = await RaftNode.start(t, dir, 'first')
const old = await node.initialize()

/** What the block `connect` would set. */
const variables = () => ({
  PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
  HOME: dir,
  USER: 'ada',
  VAULT_ADDR: node.address,
  VAULT_TOKEN: old.rootToken,
  AUDIT_DIR: join(dir, 'audit'),
  SECRETS_DIR: secrets,
  IADVIZE_KEY: 'iadvize.pub',
  ISSUER: 'https://shop.test',
  JANES_PASSWORD: 'correct horse',
  OMARS_PASSWORD: 'battery staple',
})

/** Runs a block as it is printed; what it wrote to standard output. */
async function run(name: string): Promise<string> {
  ran.add(name)
  const text = blocks.get(name)?.text
  if (text === undefined) {
    throw new Error(`there is no block ${name}`)
  }
  const options = { cwd: work, env: variables() }
  return (await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', text], options)).stdout
}

const callers = testIssuer()
const callerKeyFile = join(dir, 'caller.pem')
await writeFile(callerKeyFile, callers.publicKeyPem)

/** Padlock on the login that the page made. */
function padlock(test: Parameters<typeof startService>[0]): Promise<TestService> {
  const env = {
    VAULT_ADDR: node.address,
    PADLOCK_VAULT_ROLE_ID_FILE: join(secrets, 'role-id'),
    PADLOCK_VAULT_SECRET_ID_FILE: join(secrets, 'secret-id'),
    PADLOCK_PORT: '0',
    PADLOCK_CALLER_PUBLIC_KEY_FILE: callerKeyFile,
    PADLOCK_CALLER_ISSUER: issuer,
    PADLOCK_CALLER_AUDIENCE: audience,
  }
  return startService(test, { callers, recipientKey: recipient.privateKey, env } as unknown as TestBackend)
}

/** The claims of a token that the recipient accepts, with the public key that it was given at the beginning. */
async function issued(service: TestService): Promise<Record<string, unknown>> {
  const answer = await service.issue({ userId: 'customer-8714' })
  const { token } = (await answer.json()) as { token: string }
  const receipt = await acceptToken(token, { privateKey: recipient.privateKey, publicKeys: [atIadvize] })
  if (!receipt.accepted) {
    throw new Error(`refused: ${receipt.reason}`)
  }
  return receipt.claims
}

let atIadvize = recipient.publicKey
const operatorEnv = () => ({ VAULT_ADDR: node.address, VAULT_TOKEN: old.rootToken })

t.test('the commands set Vault up as `padlock setup` would have', async (t) => {
  for (const name of ['audit', 'engines', 'policies', 'approle']) {
    await run(name)
  }
  const printed = await run('profile')
  const pem = /-----BEGIN PUBLIC KEY-----[\s\S]*-----END PUBLIC KEY-----/.exec(printed)?.[0]
  atIadvize = createPublicKey(pem as string)
  for (const name of ['role-id', 'secret-id']) {
    t.equal((await stat(join(secrets, name))).mode & 0o077, 0, `${name} is for its owner alone`)
  }
  t.match(await runCommandLine(operatorEnv(), ['profile', 'validate']), {
    ...{ exitCode: 0, stdout: 'default: valid\n' },
  })
  const files = ['--role-id-out', join(secrets, 'role-id'), '--secret-id-out', join(secrets, 'secret-id')]
  const again = await runCommandLine(operatorEnv(), ['setup', ...files, '--dry-run'])
  t.match(again, { exitCode: 0, stdout: /Nothing to change\./ })
  t.match(await issued(await padlock(t)), { iss: 'https://shop.test' })
  for (const log of ['audit.log', 'audit-second.log']) {
    t.match(await readFile(join(dir, 'audit', log), 'utf8'), 'transit/sign/padlock-default')
  }
})

t.test('people log in, each with what is theirs', async (t) => {
  await run('people')
  const api = vaultApi(node.address, '')
  const login = async (name: string, password: string) =>
    (await api('POST', `auth/userpass/login/${name}`, { password })).body.auth
  const jane = await login('jane', 'correct horse')
  t.match(jane, { token_policies: ['default', 'padlock-operator'] })
  const omar = await login('omar', 'battery staple')
  t.match(omar, { token_policies: ['default', 'padlock-auditor'] })
  const update = ['update', 'default', '--set', 'jti=true', '--yes']
  const as = (token: string) => ({ ...operatorEnv(), VAULT_TOKEN: token })
  t.match(await runCommandLine(as(omar.client_token), ['profile', ...update]), {
    exitCode: 1,
    stderr: /denied/,
  })
  t.match(await runCommandLine(as(jane.client_token), ['profile', ...update]), { exitCode: 0 })
  const history = await runCommandLine(as(omar.client_token), ['profile', 'show', 'default', '--history'])
  t.match(
    history.stdout,
    /version 2 \(current\).*by userpass-jane\n.*\+ +jti +true.*version 1 \(past\).*by ada/s,
  )
})

t.test('two teams: each has its own, and nothing of the other', async (t) => {
  await run('teams')
  const api = vaultApi(node.address, old.rootToken)
  const tokenWith = async (policy: string) =>
    (await api('POST', 'auth/token/create', { policies: [policy], no_default_policy: true })).body.auth
      .client_token
  const env = async (policy: string) => ({ VAULT_ADDR: node.address, VAULT_TOKEN: await tokenWith(policy) })
  const [blue, green] = [await env('padlock-blue-operator'), await env('padlock-green-operator')]
  const keyFile = join(dir, 'work', 'iadvize.pub')
  const create = (name: string) => [
    'create',
    name,
    '--issuer',
    'https://b.test',
    '--recipient-key',
    keyFile,
    '--yes',
  ]
  t.match(await runCommandLine(blue, ['profile', ...create('blue-shop')]), {
    exitCode: 0,
    stderr: /padlock-blue-shop/,
  })
  t.match(await runCommandLine(green, ['profile', ...create('green-shop')]), { exitCode: 0 })
  t.match(await runCommandLine(green, ['profile', ...create('blue-other')]), {
    exitCode: 1,
    stderr: /denied/,
  })
  for (const args of [
    ['show', 'blue-shop'],
    ['delete', 'blue-shop', '--confirm', 'blue-shop', '--yes'],
    ['show', 'default'],
  ]) {
    t.match(
      await runCommandLine(green, ['profile', ...args]),
      { exitCode: 1, stderr: /denied/ },
      args.join(' '),
    )
  }
  const list = JSON.parse((await runCommandLine(blue, ['profile', 'list', '--output', 'json'])).stdout)
  t.same(
    list.profiles.map(({ profile, state }: { profile: string; state: string }) => `${profile} ${state}`),
    ['blue-shop valid', 'default denied', 'green-shop denied'],
  )
  t.match(await runCommandLine(blue, ['profile', 'validate']), {
    exitCode: 0,
    stdout: 'blue-shop: valid\n',
  })
  const { body: roleId } = await api('GET', 'auth/approle/role/padlock-blue/role-id')
  const { body: secretId } = await api('POST', 'auth/approle/role/padlock-blue/secret-id', {})
  const credentials = { role_id: roleId.data.role_id, secret_id: secretId.data.secret_id }
  const token = (await api('POST', 'auth/approle/login', credentials, '')).body.auth.client_token
  const body = {
    ...{ input: Buffer.alloc(32).toString('base64'), prehashed: true, key_version: '1' },
    ...{ signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws' },
  }
  const sign = async (key: string) => (await api('POST', `transit/sign/${key}/sha2-256`, body, token)).status
  t.equal(await sign('padlock-blue-shop'), 200)
  t.equal(await sign('padlock-green-shop'), 403)
  t.equal(await sign('padlock-default'), 403)
})

t.test('a stolen secret_id is cut off, and the service goes on', async (t) => {
  const service = await padlock(t)
  await issued(service)
  const api = vaultApi(node.address, '')
  const [roleId, secretId] = await Promise.all(
    ['role-id', 'secret-id'].map(async (name) => (await readFile(join(secrets, name), 'utf8')).trim()),
  )
  const login = (secret: string | undefined) =>
    api('POST', 'auth/approle/login', { role_id: roleId, secret_id: secret }, '')
  const thief = (await login(secretId)).body.auth.client_token as string
  t.equal((await api('GET', 'auth/token/lookup-self', undefined, thief)).status, 200)
  await run('stolen-secret-id')
  t.equal((await api('GET', 'auth/token/lookup-self', undefined, thief)).status, 403)
  t.equal((await login(secretId)).status, 400)
  // The first call with the dead token is answered 403, and Padlock logs in again.
  for (let answer = 503; answer !== 200; answer = (await service.issue({ userId: 'u1' })).status) {}
  await issued(service)
  t.equal((await login((await readFile(join(secrets, 'secret-id'), 'utf8')).trim())).status, 200)
})

t.test('Vault is lost, and comes back from a snapshot with the key that iAdvize knows', async (t) => {
  await run('snapshot-policy')
  const made = await node.api('POST', 'auth/token/create', {
    policies: ['snapshots'],
    no_default_policy: true,
  })
  const token = made.body.auth.client_token as string
  const taken = await fetch(`${node.address}/v1/sys/storage/raft/snapshot`, {
    headers: { 'x-vault-token': token },
  })
  t.equal(taken.status, 200, 'the policy is enough to take one')
  await taken.body?.cancel()
  await run('snapshot')
  const before = (await node.api('GET', 'secret/data/padlock/profiles/default')).body.data
  await node.kill()

  node = await RaftNode.start(t, dir, 'second')
  await run('restore')
  node.keys = old
  await node.unseal()
  t.same((await node.api('GET', 'secret/data/padlock/profiles/default')).body.data, before)
  t.match(
    await issued(await padlock(t)),
    { iss: 'https://shop.test' },
    'with the old login and the old public key',
  )
})

t.test('every block was run', async (t) => {
  t.same(
    [...blocks.keys()].filter((name) => !ran.has(name)),
    [],
  )
  const connect = blocks.get('connect')?.text ?? ''
  for (const [, name] of connect.matchAll(/^export (\w+)=/gm)) {
    if (name !== 'VAULT_CACERT') {
      t.ok(Object.hasOwn(variables(), name as string), `${name}`)
    }
  }
})
