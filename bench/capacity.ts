import { runWrk } from './load/wrk.ts'
import type { Target } from './targets/target.ts'
import { pin } from './usage.ts'

const cores = '0,1'

/** Lets a service and its Vault have both cores, as the load has. */
export function shareCores({ vaultPid, pid }: Target): void {
  for (const one of [vaultPid, pid as number]) {
    pin(one, cores)
  }
}

/** Tokens a second that a service makes with 128 connections while all share both cores. */
export async function capacityOf(target: Target, seconds: number): Promise<number> {
  return (await runWrk({ ...target, connections: 128, seconds, cores })).perSecond
}
