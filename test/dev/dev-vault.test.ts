import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startVault } from '../../dev/dev-vault.ts'
import { findOnPath } from '../../tools/vault/executable.ts'
import { testVault } from '../support/vault.ts'

const vault = await testVault(t)

t.test('answers on its own port with its own root token', async (t) => {
  t.not(vault.port, 8200)
  const self = await vault.api('GET', 'auth/token/lookup-self')
  t.equal(self.status, 200)
  t.same(self.body.data.policies, ['root'])
  t.equal((await vault.api('GET', 'auth/token/lookup-self', undefined, '')).status, 403)
})

t.test('has KV version 2 at secret/ from the first call on', async (t) => {
  t.equal((await vault.api('POST', 'secret/data/x', { data: { a: 'b' } })).status, 200)
  t.same((await vault.api('GET', 'secret/data/x')).body.data.data, { a: 'b' })
})

t.test('writes an audit log', async (t) => {
  await vault.api('GET', 'sys/mounts')
  t.match(await readFile(vault.auditLog, 'utf8'), '"path":"sys/mounts"')
})

/** The ports that a process listens on, as Linux's /proc tells them. */
async function portsOf(pid: number): Promise<number[]> {
  const fds = `/proc/${pid}/fd`
  const links = await Promise.all((await readdir(fds)).map((fd) => readlink(join(fds, fd)).catch(() => '')))
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const lines = (
    await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')))
  )
    .join('')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  // Column 3 is the state, 0A for LISTEN; column 9 is the socket's inode.
  return lines
    .filter((columns) => columns[3] === '0A' && inodes.has(columns[9]))
    .map((columns) => Number.parseInt(columns[1]?.split(':')[1] as string, 16))
}

t.test('takes no port but its own', { skip: process.platform !== 'linux' }, async (t) => {
  // The port after it would be the cluster's.
  t.strictSame(await portsOf(vault.pid), [vault.port])
})

t.test('shows no token on its command line', { skip: process.platform !== 'linux' }, async (t) => {
  const words = await readFile(`/proc/${vault.pid}/cmdline`, 'utf8')
  t.match(words, 'server')
  t.notMatch(words, vault.rootToken)
  t.equal(words.split('\0')[0], vault.binary, 'the process is Vault itself')
})

t.test('writes nothing to the home and reads no VAULT_ variable', async (t) => {
  const home = t.testdir()
  t.intercept(process, 'env', {
    value: {
      ...process.env,
      HOME: home,
      VAULT_TOKEN: 'x',
      VAULT_DEV_LISTEN_ADDRESS: '127.0.0.1:1',
      VAULT_LOG_LEVEL: '?',
    },
  })
  const other = await startVault({ binary: vault.binary })
  t.same(await readdir(home), [])
  t.equal(other.auditLog, undefined)
  const end = await other.stop()
  t.same(end, { code: 0, signal: null }, 'it ends in order')
  t.same(await other.exited, end)
  t.same(await other.stop(), end, 'stop may be called again')
})

t.test('says which variable to set when its port is in use', async (t) => {
  await t.rejects(startVault({ binary: 'unused', port: vault.port }), {
    message: `Port ${vault.port} is in use: stop what listens there, or set PADLOCK_DEV_VAULT_PORT to a free port.`,
  })
})

t.test('tells the last lines of a Vault that does not start', async (t) => {
  const dir = t.testdir({ vault: '#!/bin/sh\necho "no memory" >&2\nexit 3\n' })
  execFileSync('chmod', ['+x', `${dir}/vault`])
  await t.rejects(startVault({ binary: `${dir}/vault` }), /ended before it was ready.*\nno memory/)
})

t.test('stops again when the audit log cannot be written', async (t) => {
  await t.rejects(
    startVault({ binary: vault.binary, auditLog: '/proc/nowhere/audit.log' }),
    /cannot write its audit log/,
  )
})

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  const skip = !(await findOnPath('setpriv', process.env)) && 'needs setpriv'
  t.test(`leaves no Vault behind when its parent gets ${signal}`, { skip }, async (t) => {
    const code = `
      const { startVault } = await import(${JSON.stringify(new URL('../../dev/dev-vault.ts', import.meta.url))})
      const vault = await startVault({ binary: ${JSON.stringify(vault.binary)} })
      console.log(vault.pid)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(line)
    t.ok(alive(pid))
    parent.kill(signal)
    await once(parent, 'close')
    for (let i = 0; i < 100 && alive(pid); i++) {
      await delay(50)
    }
    t.notOk(alive(pid))
  })
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
