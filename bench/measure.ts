import { setTimeout as sleep } from 'node:timers/promises'
import { runWrk } from './load/wrk.ts'
import { type Spread, spread } from './statistics.ts'
import type { Target, TargetName } from './targets/target.ts'
import { cpuMs, endedChildrenCpuMs, pin, residentMb } from './usage.ts'

/**
 * Where the processes run on two cores. A: Vault alone on one, as where Vault is the limit; everything else on the
 * other. B: all of them on both, as on a laptop.
 */
export type Layout = 'A' | 'B'
const cores: Record<Layout, { vault: string; others: string }> = {
  A: { vault: '1', others: '0' },
  B: { vault: '0,1', others: '0,1' },
}

/** One target at one number of connections in one layout, over all rounds. */
export interface Cell {
  layout: Layout
  target: TargetName
  connections: number
  /** signatures or tokens a second */
  perSecond: Spread
  p50Ms: Spread
  p99Ms: Spread
  errors: number
  /** processor milliseconds of the target's own process, and of Vault, for one signature or token */
  ownCpuMs: Spread | undefined
  vaultCpuMs: Spread
  /** the same of the load generator */
  loadCpuMs: Spread
  residentMb: number | undefined
}

export interface Plan {
  layouts: Layout[]
  rounds: number
  seconds: number
  /** what is measured, and at how many connections */
  cells: { target: Target; connections: number }[]
}

interface Sample {
  perSecond: number
  p50Ms: number
  p99Ms: number
  errors: number
  ownCpuMs: number | undefined
  vaultCpuMs: number
  loadCpuMs: number
  residentMb: number | undefined
}

async function sample(target: Target, connections: number, seconds: number, layout: Layout): Promise<Sample> {
  const { pid, vaultPid, perRequest } = target
  const before = { own: pid && cpuMs(pid), vault: cpuMs(vaultPid), load: endedChildrenCpuMs() }
  const result = await runWrk({ ...target, connections, seconds, cores: cores[layout].others })
  const signatures = Math.max(1, result.requests * perRequest)
  return {
    perSecond: result.perSecond * perRequest,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    errors: result.errors,
    ownCpuMs: pid && (cpuMs(pid) - (before.own as number)) / signatures,
    vaultCpuMs: (cpuMs(vaultPid) - before.vault) / signatures,
    loadCpuMs: (endedChildrenCpuMs() - before.load) / signatures,
    residentMb: pid && residentMb(pid),
  }
}

function pinAll(plan: Plan, layout: Layout): void {
  for (const { target } of plan.cells) {
    if (target.pid) {
      pin(target.pid, cores[layout].others)
    }
    pin(target.vaultPid, cores[layout].vault)
  }
}

/** Two seconds of load that are not counted, during which the answers are checked: a fast wrong one must not win. */
async function warmUp(target: Target, layout: Layout): Promise<void> {
  const loaded = sample(target, 32, 2, layout)
  await Promise.all([loaded, sleep(1_000).then(() => target.check())])
  const { errors } = await loaded
  if (errors > 0) {
    throw new Error(`${target.name} made ${errors} errors before anything was measured.`)
  }
}

/**
 * Measures a plan round by round, every target in each round, so that what else the machine does falls on all alike.
 *
 * @throws Error when a target makes wrong tokens or signatures
 */
export async function measure(plan: Plan, log: (line: string) => void): Promise<Cell[]> {
  const cells: Cell[] = []
  for (const layout of plan.layouts) {
    pinAll(plan, layout)
    const samples = plan.cells.map((): Sample[] => [])
    for (const target of new Set(plan.cells.map((cell) => cell.target))) {
      await warmUp(target, layout)
    }
    for (let round = 1; round <= plan.rounds; round++) {
      log(`layout ${layout}, round ${round} of ${plan.rounds}`)
      // There and back: what changes slowly falls on all alike.
      const order = [...plan.cells.entries()]
      for (const [i, { target, connections }] of round % 2 === 1 ? order : order.reverse()) {
        samples[i]?.push(await sample(target, connections, plan.seconds, layout))
      }
    }
    for (const [i, { target, connections }] of plan.cells.entries()) {
      const list = samples[i] as Sample[]
      const over = (pick: (sample: Sample) => number) => spread(list.map(pick))
      cells.push({
        layout,
        target: target.name,
        connections,
        perSecond: over(({ perSecond }) => perSecond),
        p50Ms: over(({ p50Ms }) => p50Ms),
        p99Ms: over(({ p99Ms }) => p99Ms),
        errors: list.reduce((sum, { errors }) => sum + errors, 0),
        ownCpuMs: target.pid ? over(({ ownCpuMs }) => ownCpuMs as number) : undefined,
        vaultCpuMs: over(({ vaultCpuMs }) => vaultCpuMs),
        loadCpuMs: over(({ loadCpuMs }) => loadCpuMs),
        residentMb: target.pid ? Math.max(...list.map(({ residentMb }) => residentMb as number)) : undefined,
      })
    }
  }
  return cells
}
