import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startVault } from '../dev/dev-vault.ts'
import { findVaultBinary } from '../tools/vault/vault-binary.ts'
import { makeLogs } from './audit-logs.ts'

// `make bench-audit`: how fast a million entries of an audit log are read, and with how much memory.

const calls = Number(process.argv[2] ?? 500_000)
const start = Date.parse('2026-01-01T00:00:00Z')
const folder = mkdtempSync(join(tmpdir(), 'padlock-bench-audit-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1))
}

/** Runs `padlock audit …`; gives its exit code, its seconds, and the most memory that it held. */
async function measure(args: readonly string[], env: Record<string, string>) {
  const began = performance.now()
  const child = spawn(process.execPath, ['src/main.ts', 'audit', ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let [output, peak] = ['', 0]
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
    } catch {
      // It has just ended.
    }
  }, 50)
  const [code] = await once(child, 'close')
  clearInterval(timer)
  return { code, output, seconds: (performance.now() - began) / 1000, megabytes: Math.round(peak / 1024) }
}

const logs = await makeLogs(folder, calls, start)
const gigabytes = [logs.auditLog, logs.issuanceLog].map((file) => (statSync(file).size / 1e9).toFixed(2))
console.log(
  `${logs.entries} entries of Vault's (${gigabytes[0]} GB), ${logs.tokens} tokens of Padlock's (${gigabytes[1]} GB)`,
)
const { path: binary } = await findVaultBinary({ log: console.log })
const vault = await startVault({ binary, auditLog: join(folder, 'own.log') })
try {
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken, HOME: folder }
  const files = ['--log', logs.auditLog, '--issuance-log', logs.issuanceLog]
  const interval = [
    '--since',
    new Date(start).toISOString(),
    '--until',
    // The last entry, behind which these logs cover nothing.
    new Date(start + calls - 1).toISOString(),
  ]
  const compared = await measure(['reconcile', ...interval, ...files, '--verify-hashes', 'none'], env)
  if (compared.code !== 0) {
    throw new Error(`reconcile ended with ${compared.code}:\n${compared.output}`)
  }
  console.log(`reconcile: ${compared.seconds.toFixed(1)} s, ${compared.megabytes} MB at the most`)
  // Its hashes are of another Vault's salt, so nothing is found, and everything is read.
  const searched = await measure(['find', logs.auditId, '--log', logs.auditLog], env)
  if (searched.code !== 1) {
    throw new Error(`find ended with ${searched.code}:\n${searched.output}`)
  }
  console.log(`find: ${searched.seconds.toFixed(1)} s, ${searched.megabytes} MB at the most`)
} finally {
  await vault.stop()
}
