import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { percentile } from '../statistics.ts'
import type { Target } from '../targets/target.ts'
import { cpuMs, endedChildrenCpuMs } from '../usage.ts'

/** The start of an attack that is not counted: the queue fills in it. */
const settleSeconds = 1

/** What an open loop measured: the rate is offered whatever is answered. */
export interface OfferedResult {
  /** what was to be offered ÷ the capacity */
  times: number
  /** requests that vegeta really sent, a second */
  offeredPerSecond: number
  /** tokens a second */
  goodput: number
  /** answers of 503 with Retry-After, a second */
  refusedPerSecond: number
  /** p99 of the answers that were tokens, in milliseconds; null where there was none */
  acceptedP99Ms: number | null
  /** refusals that are not a 503 with Retry-After, broken connections, time-outs */
  anythingElse: number
  /** all answers by status; 0 where there was none */
  byStatus: Record<string, number>
}

/** How many cores each part kept busy while the load came. */
export interface BusyCores {
  padlock: number
  vault: number
  load: number
}

/** One line of `vegeta encode --to json`; the latency in nanoseconds. */
export interface VegetaHit {
  code: number
  timestamp: string
  latency: number
  headers: Record<string, string[]> | null
}

/**
 * What the answers of an open loop come to. What is answered after the last request was sent is no part of a rate:
 * a queue that empties then would look like capacity.
 *
 * @param seconds that the attack lasted
 * @param hits one or more
 */
export function offeredResult(hits: readonly VegetaHit[], times: number, seconds: number): OfferedResult {
  const sentAt = hits.map(({ timestamp }) => Date.parse(timestamp))
  const first = Math.min(...sentAt.slice(0, 1_000))
  const inTime = (at: number) => at >= first + settleSeconds * 1000 && at <= first + seconds * 1000
  const rate = (list: readonly number[]) => list.filter(inTime).length / (seconds - settleSeconds)
  const good: VegetaHit[] = []
  const [goodAt, refusedAt]: [number[], number[]] = [[], []]
  const byStatus: Record<string, number> = {}
  for (const [i, hit] of hits.entries()) {
    const answeredAt = (sentAt[i] as number) + hit.latency / 1e6
    byStatus[hit.code] = (byStatus[hit.code] ?? 0) + 1
    if (hit.code === 200) {
      good.push(hit)
      goodAt.push(answeredAt)
    } else if (hit.code === 503 && hit.headers?.['Retry-After'] !== undefined) {
      refusedAt.push(answeredAt)
    }
  }
  const p99 = percentile(
    good.map(({ latency }) => latency / 1e6),
    0.99,
  )
  return {
    times,
    offeredPerSecond: rate(sentAt),
    goodput: rate(goodAt),
    refusedPerSecond: rate(refusedAt),
    acceptedP99Ms: Number.isNaN(p99) ? null : p99,
    anythingElse: hits.length - goodAt.length - refusedAt.length,
    byStatus,
  }
}

/** Vegeta's targets, one to a line, each for a visitor of its own. */
function* requests({ url, env }: Target, count: number): Generator<string> {
  const header = { Authorization: [`Bearer ${env.BENCH_TOKEN}`], 'Content-Type': ['application/json'] }
  for (let i = 0; i < count; i++) {
    const body = Buffer.from(JSON.stringify({ userId: `visitor-${i}` })).toString('base64')
    yield `${JSON.stringify({ method: 'POST', url: `${url}${env.BENCH_PATH}`, header, body })}\n`
  }
}

/**
 * Offers requests for tokens at a fixed rate.
 *
 * @param vegeta path of the program
 * @param capacity tokens a second
 * @param times the rate ÷ the capacity
 */
export async function offerLoad(
  vegeta: string,
  target: Target,
  capacity: number,
  times: number,
  seconds: number,
): Promise<OfferedResult & { cores: BusyCores }> {
  const folder = await mkdtemp(join(tmpdir(), 'padlock-bench-'))
  try {
    const perSecond = Math.max(1, Math.round(capacity * times))
    const targets = join(folder, 'targets')
    const results = join(folder, 'results')
    await pipeline(Readable.from(requests(target, perSecond * seconds)), createWriteStream(targets))
    // Answers are written as they come and read afterwards: reading would take the processor from what is measured.
    const attack = ['attack', '-format=json', `-targets=${targets}`, `-output=${results}`, '-max-body=0']
    const load = [`-rate=${perSecond}`, `-duration=${seconds}s`, '-timeout=10s', '-max-workers=3000']
    const used = (): BusyCores => ({
      padlock: cpuMs(target.pid as number),
      vault: cpuMs(target.vaultPid),
      load: endedChildrenCpuMs(),
    })
    const start = performance.now()
    const before = used()
    // Hardly any garbage collection: the load generator should take as little of the processor as it can.
    await promisify(execFile)(vegeta, [...attack, ...load], { env: { ...process.env, GOGC: '1000' } })
    const elapsedMs = performance.now() - start
    const after = used()
    const busy = (part: keyof BusyCores) => (after[part] - before[part]) / elapsedMs
    const cores = { padlock: busy('padlock'), vault: busy('vault'), load: busy('load') }
    const encode = spawn(vegeta, ['encode', '--to', 'json', results], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(encode, 'exit')
    const hits: VegetaHit[] = []
    for await (const line of createInterface(encode.stdout)) {
      const { code, timestamp, latency, headers } = JSON.parse(line) as VegetaHit
      hits.push({ code, timestamp, latency, headers })
    }
    const [code] = await ended
    if (code !== 0 || hits.length === 0) {
      throw new Error(`vegeta's results cannot be read (${code}).`)
    }
    return { ...offeredResult(hits, times, seconds), cores }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
