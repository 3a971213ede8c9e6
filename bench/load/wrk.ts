import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What wrk measured: a closed loop, each connection asks again as soon as it is answered. */
export interface WrkResult {
  /** answers of 2xx in a second: a refusal is no token */
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** answers that were not 2xx, and broken connections */
  errors: number
  /** answers of 2xx */
  requests: number
}

export interface WrkRun {
  url: string
  /** one of the scripts beside this file */
  script: string
  /** for the script: its environment */
  env: Record<string, string>
  connections: number
  seconds: number
  cores: string
}

/** Reads the line that the scripts print at the end. */
export function readWrk(output: string): WrkResult {
  const line = /^RESULT (.*)$/m.exec(output)?.[1]
  if (line === undefined) {
    throw new Error(`wrk printed no result:\n${output}`)
  }
  const [requests, micros, p50, p99, errors] = line.split(' ').map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { requests, perSecond: requests / (micros / 1e6), p50Ms: p50 / 1000, p99Ms: p99 / 1000, errors }
}

/** Runs wrk (Debian's package `wrk`) with one thread, bound to some cores. */
export async function runWrk({ url, script, env, connections, seconds, cores }: WrkRun): Promise<WrkResult> {
  const file = join(import.meta.dirname, script)
  const words = [
    '-c',
    cores,
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
    file,
    url,
  ]
  const { stdout } = await promisify(execFile)('taskset', words, { env: { ...process.env, ...env } })
  return readWrk(stdout)
}
