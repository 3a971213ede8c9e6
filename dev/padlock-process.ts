import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { endingWithParent, type ProcessEnd } from './vault-process.ts'

/** As in package.json and the Dockerfile: docs/performance.md has what it saves. */
const nodeFlags = ['--max-semi-space-size=16', '--v8-pool-size=1']

const readyWithinMs = 20_000
/** More than Padlock's own grace period. */
const stopWithinMs = 15_000

/** A `padlock serve` that this process started. */
export interface PadlockProcess {
  url: string
  pid: number
  exited: Promise<ProcessEnd>
  stop(): Promise<ProcessEnd>
}

/**
 * Starts `padlock serve` as a process of its own and waits until it is ready to sign.
 *
 * @param main path of src/main.ts
 * @param env the process's whole environment
 * @param logFile where its log goes, emptied first
 * @throws Error with one sentence that says what to do
 */
export async function startPadlock(
  main: string,
  env: NodeJS.ProcessEnv,
  port: number,
  logFile: string,
): Promise<PadlockProcess> {
  await freePort(port, '127.0.0.1').catch((cause) => {
    const advice = 'stop what listens there, or set PADLOCK_PORT to a free port.'
    throw new Error(`Port ${port} is in use: ${advice}`, { cause })
  })
  const [command, ...words] = await endingWithParent([process.execPath, ...nodeFlags, main, 'serve'])
  const log = openSync(logFile, 'w', 0o600)
  const child: ChildProcess = spawn(command as string, words, {
    env,
    stdio: ['ignore', log, log],
    // Its own group: Ctrl-C in a terminal reaches only the parent, which then stops things in order.
    detached: true,
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', kill)
      resolve({ code, signal })
    })
  })
  await once(child, 'spawn')
  const url = `http://127.0.0.1:${port}`
  const stop = () => {
    child.kill('SIGTERM')
    const timer = setTimeout(kill, stopWithinMs)
    return exited.finally(() => clearTimeout(timer))
  }
  const ready = await isReady(url, child)
  if (!ready) {
    await stop()
    throw new Error(`Padlock did not become ready: see the last lines of ${logFile}.`)
  }
  return { url, pid: child.pid as number, exited, stop }
}

async function isReady(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + readyWithinMs
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).catch(
      () => undefined,
    )
    if (answer?.ok) {
      return true
    }
    await sleep(50)
  }
  return false
}
