import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { startVaultProcess, type VaultProcess } from './vault-process.ts'

const HOST = '127.0.0.1'
const READY_WITHIN_MS = 30_000
const POLL_EVERY_MS = 50
const PORT_ATTEMPTS = 3

export interface StartVaultOptions {
  /** Path of a vault program, as findVaultBinary gives it. */
  binary: string
  /** Port on 127.0.0.1; without it any free port is taken. */
  port?: number
  /** Absolute path of the audit file to write; without it there is no audit device. */
  auditLog?: string
  /** Folder of programs that may be registered as plug-ins; without it there are none. */
  pluginDir?: string
}

/** A Vault in dev mode: one node, all in memory, unsealed, KV version 2 at `secret/`. */
export interface DevVault extends VaultProcess {
  /** `http://127.0.0.1:<port>` */
  address: string
  port: number
  rootToken: string
  /** Path of the audit device named `file`, where one was asked for. */
  auditLog: string | undefined
}

/**
 * Starts a real Vault in dev mode and waits until it answers, its KV mount included. Nothing is written to the
 * user's home, and no VAULT_ variable of the user's reaches it.
 *
 * @throws Error with one sentence that says what to do: a port in use, a Vault that does not start
 */
export async function startVault(options: StartVaultOptions): Promise<DevVault> {
  if (options.port !== undefined) {
    await checkPort(options.port)
    return startOn(options.port, options)
  }
  // Another process may take the free port before Vault does.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(await freePort(0, HOST), options)
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !/address already in use/.test(String(error))) {
        throw error
      }
    }
  }
}

async function checkPort(port: number): Promise<void> {
  try {
    await freePort(port, HOST)
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? `Port ${port} is in use: stop what listens there`
        : `Port ${port} cannot be opened`
    throw new Error(`${why}, or set PADLOCK_DEV_VAULT_PORT to a free port.`, { cause })
  }
}

async function startOn(port: number, { binary, auditLog, pluginDir }: StartVaultOptions): Promise<DevVault> {
  const address = `http://${HOST}:${port}`
  const rootToken = randomUUID()
  const started = await startVaultProcess(
    binary,
    [
      '-dev',
      '-dev-no-store-token',
      `-dev-listen-address=${HOST}:${port}`,
      `-config=${join(import.meta.dirname, 'dev-vault.hcl')}`,
      // Registered by whoever wants one: a dev Vault would make each an auth method, a secrets engine and a database.
      ...(pluginDir ? [`-dev-plugin-dir=${pluginDir}`, '-dev-plugin-init=false'] : []),
    ],
    // In the environment, since every user of the machine can read a command line.
    { VAULT_DEV_ROOT_TOKEN_ID: rootToken, VAULT_API_ADDR: address },
  )
  const vault = { ...started, address, port, rootToken, auditLog }
  try {
    await waitUntilReady(vault)
    if (auditLog) {
      await enableAudit(vault, auditLog)
    }
    return vault
  } catch (error) {
    await vault.stop()
    throw error
  }
}

async function waitUntilReady(vault: DevVault): Promise<void> {
  let ended = false
  vault.exited.then(() => {
    ended = true
  })
  const deadline = performance.now() + READY_WITHIN_MS
  while (!ended && performance.now() < deadline) {
    // The KV mount is the last thing to come up: it answers 400 while it is being upgraded to version 2.
    const answer = await call(vault, 'GET', 'secret/config').catch(() => undefined)
    if (answer?.ok && !ended) {
      return
    }
    await delay(POLL_EVERY_MS)
  }
  const what = ended ? 'ended before it was ready' : `was not ready within ${READY_WITHIN_MS / 1000} seconds`
  throw new Error(`Vault ${what}: see its last lines below.\n${vault.lastLines().join('\n')}`)
}

async function enableAudit(vault: DevVault, path: string): Promise<void> {
  const answer = await call(vault, 'PUT', 'sys/audit/file', { type: 'file', options: { file_path: path } })
  if (!answer.ok) {
    throw new Error(
      `Vault cannot write its audit log to ${path}: check that the folder is there and can be written.`,
    )
  }
}

function call(vault: DevVault, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${vault.address}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': vault.rootToken },
    signal: AbortSignal.timeout(5_000),
    ...(body && { body: JSON.stringify(body) }),
  })
}
