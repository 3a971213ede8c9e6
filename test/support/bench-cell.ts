import type { Cell } from '../../bench/measure.ts'
import type { ScaleResults } from '../../bench/results.ts'
import type { ScaleCell } from '../../bench/scale/cells.ts'
import { spread } from '../../bench/statistics.ts'

/** A cell of the benchmark, measured once. */
export function cell(
  layout: Cell['layout'],
  target: Cell['target'],
  connections: number,
  perSecond: number,
  more: Partial<Cell> = {},
): Cell {
  return {
    ...{ layout, target, connections, errors: 0, residentMb: 150 },
    perSecond: spread([perSecond]),
    p50Ms: spread([1]),
    p99Ms: spread([1000 / perSecond]),
    ownCpuMs: spread([0.4]),
    vaultCpuMs: spread([1]),
    loadCpuMs: spread([0.1]),
    ...more,
  }
}

/** What `make bench-scale` found: one instance of Padlock, through one node, two, … */
export function scaleOf(
  product: ScaleResults['product'],
  perSecond: readonly number[],
  more: Partial<ScaleCell> = {},
): ScaleResults {
  const cells = perSecond.map((each, i) => ({
    ...{ instances: 1, nodes: i + 1, perSecond: spread([each]), p50Ms: spread([500]), p99Ms: spread([900]) },
    ...{ errors: 0, nodeCores: [0.2, 0.2, 0.2], padlockCores: 0.3, ...more },
  }))
  return { ...{ date: '2026-01-02', machine: '2 cores', product, version: '1.2.3' }, cells }
}
