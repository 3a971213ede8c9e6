import { capacityOf, shareCores } from './capacity.ts'
import { type BusyCores, type OfferedResult, offerLoad } from './load/vegeta.ts'
import { vegetaBinary } from './load/vegeta-binary.ts'
import { type ReturningOnce, type ReturningStep, returningOnce, returningStep } from './returning.ts'
import { median, type Spread, spread } from './statistics.ts'
import type { Target } from './targets/target.ts'

/** What was offered once, and the tokens a second that Padlock made right before, with 128 connections. */
export type OfferedOnce = OfferedResult & { cores: BusyCores; capacity: number }

/** One step of the growing load: medians of the rounds, and sums of what was answered. */
export type OfferedStep = OfferedOnce & {
  /** the goodput of each round ÷ the capacity right before it */
  ofCapacity: Spread
}

/** What is offered, as a multiple of the capacity. */
const steps = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]
/** The same for clients that honour `Retry-After`. */
const returningTimes = [3, 10]
const rounds = 3
const seconds = 4
const capacitySeconds = 3

/**
 * What a step came to in several rounds.
 *
 * @param list at least one
 */
export function ofAllRounds(list: readonly OfferedOnce[]): OfferedStep {
  const over = (pick: (step: OfferedOnce) => number) => median(list.map(pick))
  const p99s = list.map(({ acceptedP99Ms }) => acceptedP99Ms).filter((p99) => p99 !== null)
  const byStatus: Record<string, number> = {}
  for (const step of list) {
    for (const [status, count] of Object.entries(step.byStatus)) {
      byStatus[status] = (byStatus[status] ?? 0) + count
    }
  }
  return {
    times: (list[0] as OfferedOnce).times,
    capacity: over((step) => step.capacity),
    ofCapacity: spread(list.map(({ goodput, capacity }) => goodput / capacity)),
    offeredPerSecond: over((step) => step.offeredPerSecond),
    goodput: over((step) => step.goodput),
    refusedPerSecond: over((step) => step.refusedPerSecond),
    acceptedP99Ms: p99s.length === 0 ? null : median(p99s),
    anythingElse: list.reduce((sum, step) => sum + step.anythingElse, 0),
    byStatus,
    cores: {
      padlock: over(({ cores }) => cores.padlock),
      vault: over(({ cores }) => cores.vault),
      load: over(({ cores }) => cores.load),
    },
  }
}

/**
 * Offers from a tenth of the capacity to ten times it, up, down and up again; all processes share both cores. The
 * capacity is measured again before each step, as the machine's speed is never the same for long.
 *
 * @throws Error when tokens asked for right after a step are wrong or refused
 */
export async function growth(
  target: Target,
  log: (line: string) => void,
): Promise<{ offered: OfferedStep[]; returning: ReturningStep[] }> {
  const vegeta = await vegetaBinary(log)
  shareCores(target)
  const results = steps.map((): OfferedOnce[] => [])
  const returned = returningTimes.map((): ReturningOnce[] => [])
  await capacityOf(target, capacitySeconds)
  for (let round = 1; round <= rounds; round++) {
    const order = [...steps.entries()]
    for (const [i, times] of round % 2 === 1 ? order : order.reverse()) {
      const capacity = await capacityOf(target, capacitySeconds)
      log(`offered load, round ${round} of ${rounds}: ${times} × ${Math.round(capacity)} tokens a second`)
      results[i]?.push({ ...(await offerLoad(vegeta, target, capacity, times, seconds)), capacity })
      // After each flood it must make good tokens again at once.
      await target.check()
    }
    for (const [i, times] of returningTimes.entries()) {
      const before = await capacityOf(target, capacitySeconds)
      log(`clients that honour Retry-After, round ${round} of ${rounds}: ${times} × ${Math.round(before)}`)
      const once = await returningOnce(target, before, times)
      const after = await capacityOf(target, capacitySeconds)
      returned[i]?.push({ ...once, capacity: (before + after) / 2 })
      await target.check()
    }
  }
  return { offered: results.map(ofAllRounds), returning: returned.map(returningStep) }
}
