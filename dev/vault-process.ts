import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { findOnPath } from '../tools/vault/executable.ts'

const GRACE_MS = 5_000
const KEPT_LINES = 30

/** How a process ended: its exit code, or the signal that ended it. */
export interface ProcessEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A Vault server that this process started, whatever its configuration. */
export interface VaultProcess {
  /** Process id of the Vault itself: nothing stands around it. */
  pid: number
  process: ChildProcess
  /** Settles when the Vault has ended, for whatever reason; never rejects. */
  exited: Promise<ProcessEnd>
  /** The last lines that Vault wrote to its standard error. */
  lastLines(): string[]
  /** Asks the Vault to end, kills it after 5 seconds, and waits for its end. It may be called again. */
  stop(): Promise<ProcessEnd>
}

/**
 * Starts `vault server` with the given arguments. It ends with this process: always where this process ends by
 * itself, and on Linux with util-linux's setpriv also where this process is killed.
 *
 * @param env added to an environment that carries no VAULT_ or BAO_ variable of the user's
 * @throws Error when the program cannot be started
 */
export async function startVaultProcess(
  binary: string,
  args: string[],
  env: Record<string, string>,
): Promise<VaultProcess> {
  const clean = Object.entries(process.env).filter(([name]) => !/^(VAULT|BAO)_/.test(name))
  const [command, ...words] = await endingWithParent([binary, 'server', ...args])
  const child = spawn(command as string, words, {
    env: { ...Object.fromEntries(clean), ...env },
    // Standard output carries the root token of a dev Vault.
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own group: Ctrl-C in a terminal reaches only the parent, which then stops things in order.
    detached: true,
  })
  const lines: string[] = []
  if (child.stderr) {
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line)
      if (lines.length > KEPT_LINES) {
        lines.shift()
      }
    })
  }
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('close', (code, signal) => {
      process.off('exit', killNow)
      resolve({ code, signal })
    })
  })
  await once(child, 'spawn')

  return {
    pid: child.pid as number,
    process: child,
    exited,
    lastLines: () => [...lines],
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(killNow, GRACE_MS)
      return exited.finally(() => clearTimeout(timer))
    },
  }
}

/** On Linux the kernel can end a child with its parent; setpriv asks for that and then becomes the program. */
export async function endingWithParent(command: string[]): Promise<string[]> {
  if (process.platform !== 'linux') {
    return command
  }
  const setpriv = await findOnPath('setpriv', process.env)
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', ...command] : command
}
