import { type BusyCores, type OfferedResult, offerLoad } from './load/vegeta.ts'
import { vegetaBinary } from './load/vegeta-binary.ts'
import type { Target } from './targets/target.ts'
import { pin } from './usage.ts'

/** One step of the growing load. */
export type OfferedStep = OfferedResult & { cores: BusyCores }

/** What is offered, as a multiple of the capacity. */
const steps = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]
const seconds = 6

/**
 * Offers from a tenth of the capacity to ten times it; all processes share both cores.
 *
 * @param capacity tokens a second
 * @throws Error when tokens asked for right after a step are wrong or refused
 */
export async function growth(
  target: Target,
  capacity: number,
  log: (line: string) => void,
): Promise<OfferedStep[]> {
  const vegeta = await vegetaBinary(log)
  for (const pid of [target.vaultPid, target.pid as number]) pin(pid, '0,1')
  const results: OfferedStep[] = []
  for (const times of steps) {
    log(`offered load: ${times} × ${Math.round(capacity)} tokens a second`)
    results.push(await offerLoad(vegeta, target, capacity, times, seconds))
    // After each flood it must make good tokens again at once.
    await target.check()
  }
  return results
}
