import type { Cell } from '../../bench/measure.ts'
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
