import { setTimeout as sleep } from 'node:timers/promises'
import type { BusyCores } from './load/vegeta.ts'
import { type Visits, visit } from './load/visitors.ts'
import { percentile, type Spread, spread } from './statistics.ts'
import type { Target } from './targets/target.ts'
import { cpuMs } from './usage.ts'

/** What clients that honour `Retry-After` come to at one load. */
export interface ReturningStep {
  /** clients ÷ the capacity: as many times the capacity is asked for while nobody waits */
  times: number
  askedPerSecond: number
  /** tokens a second */
  goodput: number
  /** the goodput of each round ÷ its capacity */
  ofCapacity: Spread
  refusedPerSecond: number
  refusalsPerToken: number
  /** from the first time that a token was asked for, milliseconds */
  tokenAfterP50Ms: number
  tokenAfterP99Ms: number
  anythingElse: number
  cores: BusyCores
}

/** One round of it; its capacity is the mean of what was measured right before it and right after it. */
export type ReturningOnce = Omit<ReturningStep, 'ofCapacity'> & { capacity: number }

const seconds = 32
/** The start that is not counted: it takes as long as Padlock's longest `Retry-After` until as many come back as go. */
const settleSeconds = 16

/** What the visits of one round come to, from the end of the first seconds until the clients stop. */
export function ofVisits(
  { tokens, askedAt, refusedAt, anythingElse }: Visits,
  from: number,
  to: number,
): Omit<ReturningOnce, 'times' | 'capacity' | 'cores'> {
  const rate = (times: readonly number[]) =>
    times.filter((at) => at >= from && at < to).length / ((to - from) / 1000)
  const counted = tokens.filter(({ at }) => at >= from && at < to)
  const took = counted.map(({ tookMs }) => tookMs)
  const refusedPerSecond = rate(refusedAt)
  const goodput = rate(tokens.map(({ at }) => at))
  return {
    askedPerSecond: rate(askedAt),
    ...{ goodput, refusedPerSecond, anythingElse },
    refusalsPerToken: refusedPerSecond / goodput,
    tokenAfterP50Ms: percentile(took, 0.5),
    tokenAfterP99Ms: percentile(took, 0.99),
  }
}

/**
 * Lets clients that honour `Retry-After` ask, as many as there can be tokens in so many seconds.
 *
 * @param capacity tokens in a second
 * @param times seconds
 */
export async function returningOnce(
  target: Target,
  capacity: number,
  times: number,
): Promise<Omit<ReturningOnce, 'capacity'>> {
  const used = () => ({
    padlock: cpuMs(target.pid as number),
    vault: cpuMs(target.vaultPid),
    load: cpuMs(process.pid),
  })
  const start = performance.now()
  const settled = sleep(settleSeconds * 1000).then(() => ({ at: performance.now(), used: used() }))
  const visits = await visit(target, Math.round(capacity * times), seconds)
  const [from, to] = [await settled, { at: performance.now(), used: used() }]
  const busy = (part: keyof BusyCores) => (to.used[part] - from.used[part]) / (to.at - from.at)
  const cores = { padlock: busy('padlock'), vault: busy('vault'), load: busy('load') }
  const found = ofVisits(visits, from.at, start + seconds * 1000)
  return { times, ...found, cores }
}

/** @param rounds of one load, at least one */
export function returningStep(rounds: readonly ReturningOnce[]): ReturningStep {
  const over = (pick: (one: ReturningOnce) => number) => spread(rounds.map(pick)).median
  return {
    times: (rounds[0] as ReturningOnce).times,
    ofCapacity: spread(rounds.map(({ goodput, capacity }) => goodput / capacity)),
    askedPerSecond: over((one) => one.askedPerSecond),
    goodput: over((one) => one.goodput),
    refusedPerSecond: over((one) => one.refusedPerSecond),
    refusalsPerToken: over((one) => one.refusalsPerToken),
    tokenAfterP50Ms: over((one) => one.tokenAfterP50Ms),
    tokenAfterP99Ms: over((one) => one.tokenAfterP99Ms),
    anythingElse: rounds.reduce((sum, one) => sum + one.anythingElse, 0),
    cores: {
      padlock: over(({ cores }) => cores.padlock),
      vault: over(({ cores }) => cores.vault),
      load: over(({ cores }) => cores.load),
    },
  }
}
