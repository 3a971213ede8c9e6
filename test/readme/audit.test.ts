import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parseExpectedChanges } from '../../src/audit/changes/expected-changes.ts'
import { findingKinds } from '../../src/audit/findings.ts'
import { loggedService } from '../support/audit.ts'
import { issuanceRecords, issuedOf } from '../support/issuance.ts'
import { withPadlock } from '../support/readme.ts'
import { testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const root = join(import.meta.dirname, '../..')
const page = await readFile(join(root, 'docs/audit.md'), 'utf8')
const blocks = new Map(
  Array.from(page.matchAll(/^ *```\w+ ([\w-]+)\n(.*?)^ *```$/gms), ([, name = '', text = '']) => [
    name,
    text,
  ]),
)
const ran = new Set<string>()
const backend = await testBackend(t)
const { vault } = backend
await vault.api('POST', 'secret/data/padlock/audit/subject-key', {
  data: { key: Buffer.alloc(32, 1).toString('base64') },
})
const mounts = await readFile(join(root, 'vault-policies/auditor.hcl'), 'utf8')
await vault.api('PUT', 'sys/policies/acl/padlock-auditor', { policy: mounts })
const service = await loggedService(t, backend)
const { issuanceLog } = service
let token = vault.rootToken
// The page's commands are Vault's; OpenBao's program takes them too.
await mkdir(join(vault.dir, 'bin'))
await symlink(vault.binary, join(vault.dir, 'bin/vault'))

/** Runs a block of docs/audit.md; gives its exit code and what it printed. */
async function runBlock(name: string, env: Record<string, string> = {}, change = (text: string) => text) {
  ran.add(name)
  const script = withPadlock(change(blocks.get(name) ?? 'exit 99'))
  return promisify(execFile)('bash', ['--norc', '-c', script], {
    cwd: vault.dir,
    env: {
      ...{
        PATH: [join(vault.dir, 'bin'), process.env.PATH].join(delimiter),
        HOME: vault.dir,
        VAULT_TOKEN: token,
      },
      ...{ VAULT_ADDR: vault.address, VAULT_AUDIT_LOG: vault.auditLog, ISSUANCE_LOG: issuanceLog, ...env },
    },
  }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

t.test('an audit device, and the header', async (t) => {
  const file = join(vault.dir, 'documented.log')
  const device = await runBlock('device', {}, (text) =>
    text.replace('enable file', 'enable -path=documented file').replace('/var/log/vault/audit.log', file),
  )
  t.equal(device.code, 0, device.stderr)
  t.equal((await runBlock('header')).code, 0)
  t.ok((await stat(file)).size > 0)
  const policy = await runBlock('namespace-auditor', {}, (text) =>
    text.replace('vault-policies', join(root, 'vault-policies')),
  )
  t.equal(policy.code, 0, policy.stderr)
})

t.test('the commands of the auditor, on the log of a real Vault', async (t) => {
  const made = await runBlock('auditor')
  t.equal(made.code, 0, made.stderr)
  token = made.stdout.trim()
  const answer = await service.issue({ userId: 'customer-8714' })
  const { auditId } = (await answer.json()) as { auditId: string }
  await until(async () => issuedOf(await issuanceRecords(issuanceLog)).length > 0)
  const found = await runBlock('find', { AUDIT_ID: auditId })
  t.match(
    found,
    { code: 0, stdout: /Issued as\nTIME .*\n.* default .*padlock-default v1 +shop-backend/ },
    found.stderr,
  )
  await writeFile(join(vault.dir, 'user-id'), 'customer-8714\n')
  t.match(await runBlock('subject'), { code: 0, stdout: auditId })
  const compared = await runBlock('reconcile', {}, (text) => text.replace('--until 1m', '--until 0s'))
  t.equal(compared.code, 1, 'this Vault was set up a moment ago, which is a change')
  t.match(compared.stdout, /as tokens +1: 1 proved by hash/)
  t.notMatch(compared.stdout, /unexplained_signature|batch_differs|issuance_without/)
})

t.test('the nightly script: silent while all is well, else the report and its exit code', async (t) => {
  const young = await runBlock('daily')
  t.match(young, { code: 1, stdout: /log_gap/ }, 'this Vault has no log of yesterday')
  const [line = ''] = (await readFile(vault.auditLog, 'utf8')).split('\n')
  const old = new Date(Date.now() - 3 * 86_400_000).toISOString()
  await writeFile(`${vault.auditLog}.1`, `${line.replace(/"time":"[^"]+"/, `"time":"${old}"`)}\n`)
  const quiet = await runBlock('daily')
  t.match(quiet, { code: 0, stdout: '', stderr: '' })
  const today = (text: string) => text.replace('-d yesterday', '').replace('"$(date -u +%F)"', '0s')
  t.match(await runBlock('daily', {}, today), { code: 1, stdout: /policy_changed/, stderr: /findings/ })
})

t.test('a file of planned changes', async (t) => {
  ran.add('expected')
  t.match(parseExpectedChanges(blocks.get('expected') ?? ''), [{ kind: 'key_rotated', reason: 'CHG-4711' }])
})

t.test('what logrotate does by that snippet: rename, and make no file', async (t) => {
  ran.add('logrotate')
  const snippet = blocks.get('logrotate') ?? ''
  t.match(snippet, /nocreate/)
  t.match(snippet, /delaycompress/)
  t.notMatch(snippet, /^\s*copytruncate/m)
  await rename(issuanceLog, `${issuanceLog}-20260101`)
  await until(() => stat(issuanceLog).catch(() => false))
  await service.issue({ userId: 'customer-8715' })
  service.process.kill('SIGTERM')
  await once(service.process, 'exit')
  t.equal(issuedOf(await issuanceRecords(issuanceLog, `${issuanceLog}-20260101`)).length, 2)
})

t.test('every block was run, and every finding is explained', async (t) => {
  t.strictSame([...ran].sort(), [...blocks.keys()].sort())
  t.equal(page.match(/^ *```\w/gm)?.length, blocks.size)
  for (const kind of Object.keys(findingKinds)) {
    t.match(page, `\`${kind}\``)
  }
})
