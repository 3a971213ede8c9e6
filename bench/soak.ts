import { setTimeout as sleep } from 'node:timers/promises'
import { capacityOf, shareCores } from './capacity.ts'
import { offerLoad } from './load/vegeta.ts'
import { vegetaBinary } from './load/vegeta-binary.ts'
import { growthOf, type MemoryResult } from './memory.ts'
import { median, slope, spread } from './statistics.ts'
import type { Target } from './targets/target.ts'
import { residentMb } from './usage.ts'

/** Padlock under a load below its capacity, for long. */
export interface SoakResult {
  /** tokens a second at 128 connections, in slices of ten seconds right before; the least is the capacity */
  slices: readonly number[]
  minutes: SoakMinute[]
  /** resident memory of Padlock; the first third is for warming up */
  samples: MemoryResult['samples']
}

export interface SoakMinute {
  tokensPerSecond: number
  /** everything that was not a token, refusals too */
  errors: number
  p99Ms: number
  /** processor time of Vault for a token: goes up when the machine becomes slower, whatever Padlock does */
  vaultCpuMs: number
}

/** What a soak comes to. */
export interface SoakVerdict {
  errors: number
  /** MB a minute over the last two thirds, and the error of that (two standard errors) */
  memorySlope: { mbPerMinute: number; noise: number }
  /** median of the last third ÷ median of the one before */
  memoryGrowth: number
  /** median p99 of the first and of the last three minutes, and the one by the other */
  p99Ms: { start: number; end: number; ratio: number }
  good: boolean
}

const load = 0.8
/** Two minutes: long enough to see a machine whose speed goes up and down in its slow moments too. */
const capacitySlices = 12
const sliceSeconds = 10
const everySeconds = 5
/** Above that, the p99 has grown. */
const p99Bound = 1.1
/** Of less memory than this from one third to the next, V8's own comings and goings are the cause. */
const growthBound = 1.02

/** What the minutes and the memory of a soak say. */
export function soakVerdict({ minutes, samples }: SoakResult): SoakVerdict {
  const errors = minutes.reduce((sum, minute) => sum + minute.errors, 0)
  const warm = samples.slice(Math.floor(samples.length / 3))
  const fitted = slope(warm.map(({ seconds, residentMb: mb }) => [seconds / 60, mb]))
  const memorySlope = { mbPerMinute: fitted.slope, noise: 2 * fitted.standardError }
  const memoryGrowth = growthOf(samples)
  const p99 = (part: SoakMinute[]) => median(part.map(({ p99Ms }) => p99Ms))
  const [start, end] = [p99(minutes.slice(0, 3)), p99(minutes.slice(-3))]
  const flat = fitted.slope <= memorySlope.noise || memoryGrowth <= growthBound
  return {
    ...{ errors, memorySlope, memoryGrowth },
    p99Ms: { start, end, ratio: end / start },
    good: errors === 0 && flat && end / start <= p99Bound,
  }
}

/** Measures the capacity, then offers 80 % of it, minute after minute, and looks at Padlock's memory. */
export async function soak(target: Target, count: number, log: (line: string) => void): Promise<SoakResult> {
  const vegeta = await vegetaBinary(log)
  const pid = target.pid as number
  shareCores(target)
  const slices: number[] = []
  await capacityOf(target, sliceSeconds)
  for (let i = 0; i < capacitySlices; i++) {
    slices.push(await capacityOf(target, sliceSeconds))
  }
  const { min: capacity, median: usual, max } = spread(slices)
  log(
    `capacity: ${capacity.toFixed(0)} tokens a second, the least of ${capacitySlices} slices of ${sliceSeconds} s ` +
      `(median ${usual.toFixed(0)}, most ${max.toFixed(0)}); ${count} minutes at ${load * 100} % of it`,
  )

  const started = performance.now()
  const samples: SoakResult['samples'] = []
  const watch = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000)
    samples.push({ seconds, residentMb: residentMb(pid) })
  }, everySeconds * 1000)
  const minutes: SoakMinute[] = []
  try {
    for (let minute = 1; minute <= count; minute++) {
      const { goodput, byStatus, acceptedP99Ms, cores } = await offerLoad(vegeta, target, capacity, load, 60)
      const all = Object.values(byStatus).reduce((sum, one) => sum + one, 0)
      const errors = all - (byStatus[200] ?? 0)
      const vaultCpuMs = (cores.vault * 1000) / goodput
      minutes.push({ tokensPerSecond: goodput, errors, p99Ms: acceptedP99Ms ?? NaN, vaultCpuMs })
      const memory = samples.at(-1)?.residentMb.toFixed(1)
      log(
        `minute ${minute}: ${goodput.toFixed(0)} tokens/s, ${errors} errors, p99 ${acceptedP99Ms?.toFixed(1)} ms, ` +
          `${memory} MB, Vault ${vaultCpuMs.toFixed(2)} ms a token`,
      )
      await target.check()
      await sleep(500)
    }
  } finally {
    clearInterval(watch)
  }
  return { slices, minutes, samples }
}
