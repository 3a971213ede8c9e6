import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'
import type { TestBackend } from './service.ts'
import { until } from './wait.ts'

const root = join(import.meta.dirname, '../..')

/** Where a process writes, and what reads it only when it is told to. */
interface Output {
  /** for the process */
  stdio: number | 'pipe'
  /** begins to read. @returns what is read, which grows */
  read(child: ChildProcess): { text: string }
}

function collected(stream: NodeJS.ReadableStream): { text: string } {
  const read = { text: '' }
  stream.setEncoding('utf8').on('data', (part: string) => {
    read.text += part
  })
  return read
}

/** A pipe, as of Docker and of shells. */
export function pipeOutput(t: Test): Output {
  const fifo = join(t.testdir({}), 'stdout')
  execFileSync('mkfifo', [fifo])
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(fifo, constants.O_WRONLY)
  let socket: Socket | undefined
  t.teardown(() => (socket === undefined ? closeSync(reader) : socket.destroy()))
  return {
    stdio: writer,
    read: () => {
      socket = new Socket({ fd: reader, readable: true, writable: false })
      return collected(socket)
    },
  }
}

/** A socket, as of journald: Node makes one for a child. */
export const socketOutput = (): Output => ({
  stdio: 'pipe',
  read: ({ stdout }) => collected(stdout as NodeJS.ReadableStream),
})

/** A service whose standard output nobody reads until `read`. */
export async function blockedService(
  t: Test,
  backend: TestBackend,
  output: Output,
  env: Record<string, string>,
) {
  const port = await freePort(0, '127.0.0.1')
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      ...backend.env,
      // A machine that is busy makes no token late.
      PADLOCK_REQUEST_DEADLINE_MS: '30000',
      PADLOCK_PORT: String(port),
      ...env,
    },
    stdio: ['ignore', output.stdio, 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  if (typeof output.stdio === 'number') {
    closeSync(output.stdio)
  }
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok)
  const headers = {
    authorization: `Bearer ${await backend.callers.token()}`,
    'content-type': 'application/json',
  }
  const issue = async (userId: string) => {
    const answer = await fetch(`${url}/v1/profiles/default/tokens`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ userId }),
    })
    return { status: answer.status, body: (await answer.json()) as { auditId?: string; code?: string } }
  }
  /** Asks for tokens, eight at a time, until one is refused or there are enough. @returns what was answered */
  async function load(enough: number) {
    const [auditIds, refusals] = [[] as string[], new Set<string>()]
    let count = 0
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (refusals.size === 0 && auditIds.length < enough) {
          const { status, body } = await issue(`u-${count++}`)
          if (status === 200) {
            auditIds.push(body.auditId as string)
          } else if (body.code !== 'vault_timeout' && body.code !== 'overloaded') {
            refusals.add(`${status} ${body.code}`)
          }
        }
      }),
    )
    return { auditIds, refusals: [...refusals] }
  }
  return { child, ended, url, issue, load, read: () => output.read(child) }
}
