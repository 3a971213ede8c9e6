import { constants, fstatSync, openSync, write as writeDescriptor } from 'node:fs'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LineOutput } from './line-writer.ts'

const write = promisify(writeDescriptor)
const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants
const standardOutput = 1
/** Milliseconds after which a descriptor that takes nothing now is tried again. */
const againMs = 20
const lineFeed = Buffer.from('\n')

/**
 * A pipe or a socket. libuv sets it to non-blocking and waits with epoll, so neither this thread nor one of the pool is
 * ever blocked. That mode belongs to the open file description, which other processes may share (`(padlock …; other) |
 * reader`): Node sets it back when it exits.
 */
class StreamOutput implements LineOutput {
  readonly #stream: Writable
  /** a write failed: nobody knows how much of it was read */
  #failed = false

  constructor(stream: Writable) {
    this.#stream = stream
    // The callback of the write has it too.
    stream.on('error', () => {})
  }

  async ready(): Promise<boolean> {
    return this.#failed
  }

  async write(bytes: Buffer): Promise<number> {
    const all = this.#failed ? Buffer.concat([lineFeed, bytes]) : bytes
    this.#failed = true
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(all, (error) => (error ? reject(error) : resolve()))
    })
    this.#failed = false
    return bytes.length
  }

  async close(): Promise<void> {}
}

/** A file, a terminal or a device: written by a thread of the pool. */
class DescriptorOutput implements LineOutput {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  async ready(): Promise<boolean> {
    return false
  }

  async write(bytes: Buffer): Promise<number> {
    try {
      return (await write(this.#descriptor, bytes)).bytesWritten
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        throw error
      }
      await sleep(againMs)
      return 0
    }
  }

  async close(): Promise<void> {}
}

/** A terminal whose output was stopped (Ctrl-S) blocks a write: it is reopened for this process alone, without that. */
function terminalDescriptor(): number {
  try {
    return openSync('/proc/self/fd/1', O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return standardOutput
  }
}

/** Standard output, for a `LineWriter`: whatever it is, a write to it never blocks the event loop. */
export function openStandardOutput(): LineOutput {
  const stats = fstatSync(standardOutput)
  if (stats.isFIFO() || stats.isSocket()) {
    return new StreamOutput(process.stdout)
  }
  return new DescriptorOutput(process.stdout.isTTY ? terminalDescriptor() : standardOutput)
}
