import { execFile, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { isExecutable } from '../../src/dev/executable.ts'
import { percentile } from '../statistics.ts'

const module = join(import.meta.dirname, '../../tools/bench')

/** What an open loop measured: the rate is offered whatever is answered. */
export interface OfferedResult {
  offeredPerSecond: number
  /** tokens a second */
  goodput: number
  refusedPerSecond: number
  /** p99 of the answers that were tokens, in milliseconds */
  acceptedP99Ms: number
  /** refusals that are not a 503 with Retry-After, broken connections, time-outs */
  anythingElse: number
  byStatus: Record<string, number>
}

/** One line of `vegeta encode --to json`; the latency in nanoseconds. */
export interface VegetaHit {
  code: number
  latency: number
  headers: Record<string, string[]> | null
}

/** Builds vegeta, which tools/bench pins, into the user's cache. @returns its path */
export async function vegetaBinary(): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'padlock')
  const file = join(folder, 'vegeta-12.12.0')
  if (await isExecutable(file)) return file
  await mkdir(folder, { recursive: true })
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false' }
  await promisify(execFile)('go', ['build', '-o', file, 'github.com/tsenart/vegeta/v12'], {
    cwd: module,
    env,
  })
  return file
}

/** What some hits of an open loop come to. */
export function offeredResult(hits: readonly VegetaHit[], perSecond: number, seconds: number): OfferedResult {
  const good = hits.filter(({ code }) => code === 200)
  const refused = hits.filter(({ code, headers }) => code === 503 && headers?.['Retry-After'] !== undefined)
  const byStatus: Record<string, number> = {}
  for (const { code } of hits) byStatus[code] = (byStatus[code] ?? 0) + 1
  return {
    offeredPerSecond: perSecond,
    goodput: good.length / seconds,
    refusedPerSecond: refused.length / seconds,
    acceptedP99Ms: percentile(
      good.map(({ latency }) => latency / 1e6),
      0.99,
    ),
    anythingElse: hits.length - good.length - refused.length,
    byStatus,
  }
}

/** Offers tokens' requests at a fixed rate. */
export async function offerLoad(
  vegeta: string,
  url: string,
  token: string,
  perSecond: number,
  seconds: number,
): Promise<OfferedResult> {
  const attack = `"${vegeta}" attack -format=json -rate=${perSecond} -duration=${seconds}s -timeout=10s -max-workers=20000 | "${vegeta}" encode --to json`
  const child = spawn('sh', ['-c', attack], { stdio: ['pipe', 'pipe', 'inherit'] })
  const header = { Authorization: [`Bearer ${token}`], 'Content-Type': ['application/json'] }
  for (let i = 0; i < 1_000; i++) {
    const body = Buffer.from(JSON.stringify({ userId: `visitor-${i}` })).toString('base64')
    child.stdin.write(`${JSON.stringify({ method: 'POST', url, header, body })}\n`)
  }
  child.stdin.end()
  const hits: VegetaHit[] = []
  for await (const line of createInterface(child.stdout)) {
    const { code, latency, headers } = JSON.parse(line) as VegetaHit
    hits.push({ code, latency, headers })
  }
  return offeredResult(hits, perSecond, seconds)
}
