import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { acceptedClaims } from '../../support/accepted.ts'
import { reconciled } from '../../support/audit.ts'
import { audience, issuer, testIssuer } from '../../support/callers.ts'
import { keyRunner } from '../../support/key-command.ts'
import { startService } from '../../support/service.ts'
import { runCommandLine } from '../../support/terminal.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
// Vault's are part of its Enterprise edition.
const skip = vault.product === 'Vault' && 'only OpenBao has namespaces for everybody: SERVER=openbao'
const file = (name: string) => join(vault.dir, name)
const { publicKey, privateKey: recipientKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spki = publicKey.export({ type: 'spki', format: 'pem' }) as string
const callers = testIssuer()
await Promise.all([
  writeFile(file('recipient.pem'), spki),
  writeFile(file('caller.pem'), callers.publicKeyPem),
])

/** Calls the API inside the namespace. */
async function inTeam(method: string, path: string, body?: object) {
  const answer = await vault.api(method, `team/${path}`, body)
  if (answer.status >= 300) {
    throw new Error(JSON.stringify(answer.body))
  }
  return answer.body
}

/** A token of the namespace itself, which can do anything there. */
async function teamAdmin(): Promise<string> {
  await vault.api('POST', 'sys/namespaces/team', {})
  const policy = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'
  await inTeam('PUT', 'sys/policies/acl/admin', { policy })
  return (await inTeam('POST', 'auth/token/create', { policies: ['admin'] })).auth.client_token
}

t.test('set-up, service, keys, profiles, recipients and audit in a namespace', { skip }, async (t) => {
  const token = await teamAdmin()
  // One namespace by each name of its variable.
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: token, BAO_NAMESPACE: 'team', HOME: vault.dir }
  const json = async (args: string[], given = {}) => {
    const outcome = await runCommandLine(env, [...args, '--output', 'json'], given)
    if (outcome.exitCode !== 0) {
      throw new Error(outcome.stderr)
    }
    return JSON.parse(outcome.stdout)
  }
  const set = await json([
    'setup',
    ...['--issuer', 'https://shop.test', '--recipient-key', file('recipient.pem'), '--yes'],
    ...['--role-id-out', file('role-id'), '--secret-id-out', file('secret-id')],
  ])
  t.equal(set.changed, true)
  t.match(set.notes.join('\n'), /X-Correlation-Id/, 'which only the root namespace can set')
  t.equal((await json(['setup', '--yes'])).changed, false)

  const issuanceLog = file('issuance.log')
  const service = await startService(
    t,
    {
      callers,
      recipientKey,
      env: {
        ...{ VAULT_ADDR: vault.address, VAULT_NAMESPACE: 'team', PADLOCK_PORT: '0' },
        ...{ PADLOCK_RATE_LIMIT_PER_SECOND: '0', PADLOCK_REFUSALS_PER_MINUTE: '0' },
        ...{ PADLOCK_VAULT_ROLE_ID_FILE: file('role-id'), PADLOCK_VAULT_SECRET_ID_FILE: file('secret-id') },
        ...{ PADLOCK_CALLER_PUBLIC_KEY_FILE: file('caller.pem'), PADLOCK_CALLER_ISSUER: issuer },
        ...{ PADLOCK_CALLER_AUDIENCE: audience, PADLOCK_ISSUANCE_LOG: issuanceLog },
        ...{ PADLOCK_PROFILE_REFRESH_SECONDS: '1', PADLOCK_REQUEST_DEADLINE_MS: '30000' },
      },
    },
    {},
  )
  t.equal((await fetch(`${service.url}/health/ready`)).status, 200, 'it is ready')

  const since = Date.now()
  const issued = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const answer = await service.issue({ userId: `customer-${8000 + i}` })
      if (answer.status !== 200) {
        throw new Error(await answer.text())
      }
      const { token, auditId } = (await answer.json()) as { token: string; auditId: string }
      const claims = await acceptedClaims(token, { url: service.url, recipientKey })
      return { userId: claims['https://iadvize.com/userId'], auditId, token }
    }),
  )
  t.strictSame(
    issued.map(({ userId }) => userId),
    Array.from({ length: 100 }, (_, i) => `customer-${8000 + i}`),
    'a hundred tokens are decrypted and verified, each of its own visitor',
  )
  const until = Date.now()

  const key = keyRunner(vault, token)
  const run = async (...args: string[]) => {
    const outcome = await key([...args, '--output', 'json'], { env: { VAULT_NAMESPACE: 'team' } })
    if (outcome.exitCode !== 0) {
      throw new Error(outcome.stderr)
    }
    return JSON.parse(outcome.stdout)
  }
  const staged = await run('stage', 'default', '--yes')
  t.match(staged, { version: 2, made: true })
  await run(
    ...['activate', 'default', '2', '--acknowledged', staged.fingerprint, '--yes'],
    ...['--instance', service.url],
  )
  t.match(await (await service.issue({ userId: 'customer-9001' })).json(), { keyVersion: 2 })

  await json([
    'profile',
    ...['create', 'other', '--issuer', 'https://other.test'],
    ...['--recipient-key', file('recipient.pem'), '--yes'],
  ])
  const listed = JSON.stringify(await json(['profile', 'list']))
  t.match(listed, /"default"/)
  t.match(listed, /"other"/)
  const another = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  await writeFile(file('another.pem'), another.export({ type: 'spki', format: 'pem' }))
  const added = await json(['recipient', 'add', 'other', file('another.pem'), '--yes'])
  t.match(added, { changed: true })

  // An auditor of the root namespace, as the page says.
  const page = await readFile('docs/audit.md', 'utf8')
  const script = /```sh namespace-auditor\n\s*(.*) \| vault policy write/.exec(page)?.[1] as string
  const { stdout: policy } = await promisify(execFile)('bash', ['-c', script])
  t.match(policy, 'path "team/transit/keys/padlock-*"')
  await vault.api('PUT', 'sys/policies/acl/team-auditor', { policy })
  const made = await vault.api('POST', 'auth/token/create', {
    ...{ policies: ['team-auditor'], no_default_policy: true },
  })
  const auditor = { ...env, VAULT_TOKEN: made.body.auth.client_token, VAULT_NAMESPACE: 'team' }
  service.process.kill('SIGTERM')
  await once(service.process, 'exit')
  const audit = (args: readonly string[], input = '') =>
    runCommandLine(auditor, ['audit', ...args], { input })
  const logs = { log: [vault.auditLog], issuanceLog: [issuanceLog] }
  const [first] = issued as unknown as [{ auditId: string }]
  const found = await audit(['find', first.auditId, '--log', vault.auditLog, '--output', 'json'])
  t.equal(found.exitCode, 0, found.stderr)
  t.equal(JSON.parse(found.stdout).found, true)
  const report = await reconciled(audit, { since, until }, logs)
  t.equal(report.exitCode, 0, JSON.stringify(report.findings))
  t.equal(report.findings.length, 0)
  const counted = Object.values(report.signers).reduce((sum, count) => sum + count, 0)
  t.equal(counted, 100, 'signatures that were compared')
})
