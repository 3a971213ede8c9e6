import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import type { Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'

/** A development environment in the foreground of another process. */
export interface DevRun {
  process: ChildProcess
  output: () => string
  /** Waits for a text in the output. @throws Error with all of it when the process ends first */
  said: (text: string) => Promise<void>
  /** .dev/env, once it is there */
  env: () => Promise<NodeJS.Dict<string>>
}

/** Runs what `make run` runs on free ports and in a folder of its own; it ends with the test. */
export async function devRun(
  t: Pick<Test, 'teardown'>,
  changes: NodeJS.Dict<string> = {},
  subcommand: string[] = [],
): Promise<DevRun> {
  const dir = await mkdtemp(join(tmpdir(), 'padlock-dev-'))
  const free = async () => String(await freePort(0, '127.0.0.1'))
  const child = spawn(process.execPath, ['dev/main.ts', ...subcommand], {
    env: {
      ...process.env,
      PADLOCK_DEV_DIR: dir,
      PADLOCK_PORT: await free(),
      PADLOCK_DEV_RECIPIENT_PORT: await free(),
      PADLOCK_DEV_VAULT_PORT: await free(),
      PADLOCK_DEV_DEMO_PORT: await free(),
      ...changes,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output += chunk))
  }
  t.teardown(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) {
      await once(child, 'exit')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const said = async (text: string) => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) {
        throw new Error(output)
      }
      await sleep(50)
    }
  }
  return {
    process: child,
    output: () => output,
    said,
    async env() {
      await said('Press Ctrl-C')
      return parseEnv(await readFile(join(dir, 'env'), 'utf8'))
    },
  }
}

/** Whether no process has this id. */
export const gone = (pid: string | undefined) => {
  try {
    process.kill(Number(pid), 0)
    return false
  } catch {
    return true
  }
}
