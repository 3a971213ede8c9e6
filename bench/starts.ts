import { setTimeout as sleep } from 'node:timers/promises'
import { type Spread, spread } from './statistics.ts'
import { padlock } from './targets/padlock.ts'
import type { Ground } from './targets/target.ts'
import { cpuMs, residentMb } from './usage.ts'

/** What Padlock takes before it has any load. */
export interface Starts {
  /** processor milliseconds until it is ready to sign, which is some more than until it listens */
  cpuMs: Spread
  /** resident memory after that, with nothing to do */
  restMb: Spread
}

const restMs = 2_000

/** Starts Padlock some times, one after another, each in a process of its own. */
export async function measureStarts(ground: Ground, times: number): Promise<Starts> {
  const [cpu, rest]: [number[], number[]] = [[], []]
  for (let i = 0; i < times; i++) {
    const ends: (() => unknown)[] = []
    const { pid } = await padlock({ teardown: (end) => void ends.push(end) }, ground, 'Padlock')
    cpu.push(cpuMs(pid as number))
    await sleep(restMs)
    rest.push(residentMb(pid as number))
    for (const end of ends) {
      await end()
    }
  }
  return { cpuMs: spread(cpu), restMb: spread(rest) }
}
