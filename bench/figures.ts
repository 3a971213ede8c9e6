import type { Cell, Layout } from './measure.ts'
import type { MemoryResult } from './memory.ts'
import type { Overload } from './overload.ts'
import type { Starts } from './starts.ts'
import { ratioOf, type Spread } from './statistics.ts'
import type { TargetName } from './targets/target.ts'

/** A figure of the benchmark beside what it is to reach. */
export interface Figure {
  figure: string
  value: number
  /** the least and the most of the rounds, where there are several */
  min?: number
  max?: number
  reach: string
  /** errors in what it is made of: with one of them it does not count as reached */
  errors?: number
  reached: boolean
}

/** Finds a cell; undefined where it was not measured. */
export function cellOf(cells: readonly Cell[], layout: Layout, target: TargetName, connections: number) {
  return cells.find(
    (cell) => cell.layout === layout && cell.target === target && cell.connections === connections,
  )
}

type Pick = (cell: Cell) => Spread
const throughput: Pick = ({ perSecond }) => perSecond
const tail: Pick = ({ p99Ms }) => p99Ms

/** What a figure comes to. */
type Finding = Omit<Figure, 'figure' | 'reach' | 'reached'>

const plain = (value: number | undefined): Finding | undefined =>
  value === undefined ? undefined : { value }

function ofRounds({ median, min, max }: Spread, cells: readonly Cell[]): Finding {
  const errors = cells.reduce((total, cell) => total + cell.errors, 0)
  return { value: median, min, max, ...(errors === 0 ? {} : { errors }) }
}

/**
 * The figures that the benchmark is to reach, as ratios of one run; those not measured are left out.
 *
 * @param memory of the ten minutes of `make bench-memory`
 * @param starts of Padlock without load
 */
export function figuresOf(
  cells: readonly Cell[],
  { offered, returning, stalls }: Overload,
  memory?: MemoryResult,
  starts?: Starts,
): Figure[] {
  const figures: Figure[] = []
  const add = (figure: string, found: Finding | undefined, sign: '≥' | '≤', bound: number) => {
    if (found === undefined) {
      return
    }
    const { value, errors = 0 } = found
    const reached = errors === 0 && (sign === '≥' ? value >= bound : value <= bound)
    figures.push({ figure, ...found, reach: `${sign} ${bound}`, reached })
  }
  const ratio = (layout: Layout, above: TargetName, below: TargetName, connections: number, pick: Pick) => {
    const over = cellOf(cells, layout, above, connections)
    const under = cellOf(cells, layout, below, connections)
    return over && under && ofRounds(ratioOf(pick(over), pick(under)), [over, under])
  }
  const each = (bounds: Record<number, number>, make: (connections: number, bound: number) => void) => {
    for (const [connections, bound] of Object.entries(bounds)) {
      make(Number(connections), bound)
    }
  }
  each({ 8: 1.1, 32: 1.35 }, (c, bound) =>
    add(
      `A: Padlock ÷ raw Vault, ${c} connections`,
      ratio('A', 'Padlock', 'raw Vault', c, throughput),
      '≥',
      bound,
    ),
  )
  each({ 8: 1, 32: 0.6, 128: 0.5 }, (c, bound) =>
    add(
      `A: p99 of Padlock ÷ p99 of raw Vault, ${c}`,
      ratio('A', 'Padlock', 'raw Vault', c, tail),
      '≤',
      bound,
    ),
  )
  each({ 8: 0.68, 32: 0.9, 128: 1.05 }, (c, bound) =>
    add(
      `B: Padlock ÷ raw Vault, ${c} connections`,
      ratio('B', 'Padlock', 'raw Vault', c, throughput),
      '≥',
      bound,
    ),
  )
  const best = (layout: Layout, target: TargetName) =>
    cells
      .filter((cell) => cell.layout === layout && cell.target === target)
      .toSorted((a, b) => a.perSecond.median - b.perSecond.median)
      .at(-1)
  const ofBatches = (layout: Layout, padlock: Cell | undefined) => {
    const batches = best(layout, 'raw Vault, batches')
    return padlock && batches && ofRounds(ratioOf(padlock.perSecond, batches.perSecond), [padlock, batches])
  }
  add(
    'A: Padlock, 128 connections ÷ raw Vault in batches at its best',
    ofBatches('A', cellOf(cells, 'A', 'Padlock', 128)),
    '≥',
    0.95,
  )
  add(
    'B: Padlock at its best ÷ raw Vault in batches at its best',
    ofBatches('B', best('B', 'Padlock')),
    '≥',
    0.7,
  )
  add('B: Padlock ÷ plain service, 128', ratio('B', 'Padlock', 'plain service', 128, throughput), '≥', 1.7)
  const median: Pick = ({ p50Ms }) => p50Ms
  add(
    "B: Padlock's median ÷ the plain service's, 1 connection",
    ratio('B', 'Padlock', 'plain service', 1, median),
    '≤',
    0.9,
  )
  const vaultCpu = ratio('B', 'Padlock', 'raw Vault', 128, ({ vaultCpuMs }) => vaultCpuMs)
  add("Vault's CPU for a token of Padlock ÷ for a raw signature, 128", vaultCpu, '≤', 0.78)
  each({ 8: 0.5, 128: 0.33 }, (c, bound) => {
    const cell = cellOf(cells, 'B', 'Padlock', c)
    const found = cell?.ownCpuMs && ofRounds(cell.ownCpuMs, [cell])
    add(`Padlock's own CPU for a token in ms, ${c}`, found, '≤', bound)
  })
  add('processor ms until it is ready to sign', starts && ofRounds(starts.cpuMs, []), '≤', 800)
  add('resident MB at rest', starts && ofRounds(starts.restMb, []), '≤', 120)
  add('resident MB at 512 connections', plain(cellOf(cells, 'B', 'Padlock', 512)?.residentMb), '≤', 170)
  add('resident MB at most in ten minutes at 512 connections', plain(memory?.mostMb), '≤', 170)
  const growth = 'resident MB in the last third of ten minutes ÷ in the third before'
  add(growth, plain(memory?.growth), '≤', 1.05)
  const bestOfCapacity = Math.max(...offered.map(({ ofCapacity }) => ofCapacity.median))
  for (const [times, bound] of [
    [3, 0.85],
    [10, 0.45],
  ] as const) {
    const step = offered.find((one) => one.times === times)
    add(
      `goodput at ${times} × the capacity ÷ the best goodput`,
      plain(step && step.ofCapacity.median / bestOfCapacity),
      '≥',
      bound,
    )
  }
  for (const { times, ofCapacity } of returning) {
    const { median: value, min, max } = ofCapacity
    const bound = times > 3 ? 0.9 : 0.95
    add(
      `goodput ÷ capacity, ${times} × as many clients that honour Retry-After`,
      { value, min, max },
      '≥',
      bound,
    )
  }
  for (const { disturbance, falselyRefused } of stalls) {
    add(`refused, though the next second had room: ${disturbance}`, plain(falselyRefused), '≤', 0)
  }
  if (offered.length > 0) {
    const slowest = Math.max(...offered.map((step) => step.acceptedP99Ms ?? 0))
    add('accepted p99 at any load offered, in ms', plain(slowest), '≤', 2_000)
    const anythingElse = offered.reduce((total, step) => total + step.anythingElse, 0)
    add('answers that are neither a token nor a 503 with Retry-After', plain(anythingElse), '≤', 0)
  }
  return figures
}
