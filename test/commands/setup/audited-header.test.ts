import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { writeCredential } from '../../../src/commands/setup/login/credential-file.ts'
import { runCommandLine } from '../../support/terminal.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const recipientFile = join(import.meta.dirname, '../../vectors/iadvize-public-key.txt')
const header = 'sys/config/auditing/request-headers/X-Correlation-Id'

async function report(args: string[] = [], token = vault.rootToken) {
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: token, HOME: vault.dir }
  const outcome = await runCommandLine(env, [
    ...['setup', '--issuer', 'https://shop.test', '--recipient-key', recipientFile, '--yes', '-o', 'json'],
    ...args,
  ])
  t.equal(outcome.exitCode, 0, outcome.stderr)
  const made = JSON.parse(outcome.stdout)
  const step = made.steps.find(({ kind }: { kind: string }) => kind === 'audited header')
  return { state: step?.state, notes: made.notes.join('\n') }
}

/** What the audit log has of a correlation id that a call sends now. */
async function audited(id: string): Promise<unknown> {
  await fetch(`${vault.address}/v1/sys/mounts`, {
    headers: { 'X-Vault-Token': vault.rootToken, 'X-Correlation-Id': id },
  })
  const lines = (await readFile(vault.auditLog, 'utf8')).trim().split('\n')
  return JSON.parse(lines.at(-1) as string).request.headers?.['x-correlation-id']?.[0]
}

t.test('a Vault that does not audit correlation ids is told to, in clear, once', async (t) => {
  await vault.api('DELETE', header)
  t.equal(await audited('before'), undefined)
  const dry = await report(['--dry-run'])
  t.equal(dry.state, 'create')
  t.equal(await audited('dry'), undefined)
  const made = await report()
  t.equal(made.state, 'create')
  t.match(made.notes, 'restarted')
  t.equal(await audited('id-1'), 'id-1')
  t.equal((await report()).state, 'unchanged')
})

t.test('one that hashes them is told to write them in clear', async (t) => {
  await vault.api('POST', header, { hmac: true })
  t.match(await audited('id-2'), /^hmac-sha256:/)
  t.equal((await report()).state, 'update')
  t.equal(await audited('id-3'), 'id-3')
})

t.test('a token that may not see it sets up all the rest, and is told what is missing', async (t) => {
  await vault.api('DELETE', header)
  const policy =
    'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }\n' +
    'path "sys/config/auditing/*" { capabilities = ["deny"] }'
  await vault.api('PUT', 'sys/policies/acl/no-auditing', { policy })
  const { body } = await vault.api('POST', 'auth/token/create', { policies: ['no-auditing'] })
  const { state, notes } = await report([], body.auth.client_token)
  t.equal(state, 'unchanged')
  t.match(notes, /may not see .*X-Correlation-Id.*root namespace.*hmac=false/)
  t.equal(await audited('id-4'), undefined)
})

t.test('what is no credential is never written to a file', async (t) => {
  const file = join(t.testdir({}), 'role-id')
  for (const value of [
    undefined,
    '',
    ' ',
    'a b',
    'a\nb',
    '{"role_id":"x"}',
    '<html>',
    'x'.repeat(513),
    'é',
  ]) {
    await t.rejects(
      writeCredential(file, async () => value),
      { name: 'CommandError', exitCode: 1 },
      String(value),
    )
    t.same(t.testdirName && (await readFile(file, 'utf8').catch(({ code }) => code)), 'ENOENT')
  }
  const good = ['6f2c1c7e-1d5f-7a3e-9c1b-1f0a8e7d6c5b', 's.AbCdEf0123', 'hvs.CAESI_-x', 's.token.ns1']
  for (const value of good) {
    await writeCredential(file, async () => value)
    t.equal(await readFile(file, 'utf8'), `${value}\n`)
  }
})
