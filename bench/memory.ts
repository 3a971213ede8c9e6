import { setTimeout as sleep } from 'node:timers/promises'
import { runWrk } from './load/wrk.ts'
import { median } from './statistics.ts'
import type { Target } from './targets/target.ts'
import { residentMb } from './usage.ts'

/** Resident memory of Padlock under a load that stays the same. */
export interface MemoryResult {
  date: string
  connections: number
  /** made in the whole run */
  tokens: number
  errors: number
  /** the most, in MB */
  mostMb: number
  /** median of the last third ÷ median of the one before: 1 is flat; the first third is for warming up */
  growth: number
  /** seconds since the start, and resident MB then */
  samples: { seconds: number; residentMb: number }[]
}

const connections = 512
const everySeconds = 5

/** How much more the last third of the samples holds than the third before. */
export function growthOf(samples: MemoryResult['samples']): number {
  const third = Math.floor(samples.length / 3)
  const part = (from: number, to?: number) =>
    median(samples.slice(from, to).map((sample) => sample.residentMb))
  return part(-third) / part(-2 * third, -third)
}

/** Loads a target for some minutes and looks at its resident memory every five seconds. */
export async function watchMemory(
  target: Target,
  seconds: number,
  log: (line: string) => void,
): Promise<MemoryResult> {
  const pid = target.pid as number
  const started = performance.now()
  const samples: MemoryResult['samples'] = []
  const load = { done: false }
  const run = runWrk({ ...target, connections, seconds, cores: '0,1' }).finally(() => {
    load.done = true
  })
  const watch = async () => {
    while (!load.done) {
      await sleep(everySeconds * 1000)
      const at = Math.round((performance.now() - started) / 1000)
      if (!load.done) {
        samples.push({ seconds: at, residentMb: Math.round(residentMb(pid) * 10) / 10 })
      }
      if (at % 60 < everySeconds) {
        log(`after ${at} s: ${samples.at(-1)?.residentMb} MB`)
      }
    }
  }
  const [{ requests, errors }] = await Promise.all([run, watch()])
  await target.check()
  return {
    date: new Date().toISOString().slice(0, 10),
    ...{ connections, tokens: requests, errors, samples },
    mostMb: Math.max(...samples.map((sample) => sample.residentMb)),
    growth: growthOf(samples),
  }
}
