import t from 'tap'
import { type Figure, figuresOf } from '../../bench/figures.ts'
import { limitsOf } from '../../bench/limits.ts'
import type { Cell } from '../../bench/measure.ts'
import { growthOf } from '../../bench/memory.ts'
import type { OfferedStep } from '../../bench/offered.ts'
import { percentile, ratioOf, spread } from '../../bench/statistics.ts'
import { figureTable } from '../../bench/tables.ts'
import { cell } from '../support/bench-cell.ts'

t.test('medians, least and most', async (t) => {
  t.strictSame(spread([3, 1, 2]), { median: 2, min: 1, max: 3, values: [3, 1, 2] })
  t.equal(spread([4, 1, 2, 3]).median, 2.5)
  t.equal(percentile([5, 1, 4, 2, 3], 0.5), 3)
  t.equal(percentile([5, 1, 4, 2, 3], 0.99), 5)
})

t.test('a ratio is that of what was measured in the same round', async (t) => {
  // A machine that was twice as slow in the second round, and in the third had a hiccup during one of the two.
  const over = spread([120, 60, 20])
  t.strictSame(ratioOf(over, spread([100, 50, 100])), spread([1.2, 1.2, 0.2]))
  t.not(over.median / spread([100, 50, 100]).median, 1.2)
})

const none = { offered: [], returning: [], stalls: [] }

const cells: Cell[] = [
  cell('A', 'raw Vault', 32, 500),
  cell('A', 'Padlock', 32, 750),
  cell('A', 'raw Vault, batches', 2, 1000),
  cell('A', 'Padlock', 128, 960),
  cell('B', 'raw Vault', 128, 1000),
  cell('B', 'raw Vault, batches', 4, 1200, { vaultCpuMs: spread([1.1]) }),
  cell('B', 'raw Vault, batches', 8, 1250, { vaultCpuMs: spread([1]) }),
  cell('B', 'Padlock', 128, 900),
  cell('B', 'plain service', 128, 450),
]

t.test('the figures are ratios of cells at the same connections and layout', async (t) => {
  const figures = Object.fromEntries(figuresOf(cells, none).map((one) => [one.figure, one]))
  t.match(figures['A: Padlock ÷ raw Vault, 32 connections'], { value: 1.5, reached: true })
  t.match(figures['A: Padlock, 128 connections ÷ raw Vault in batches at its best'], {
    value: 0.96,
    reached: true,
  })
  t.match(figures['B: Padlock ÷ raw Vault, 128 connections'], { value: 0.9, reached: false })
  t.match(figures['B: Padlock ÷ plain service, 128'], { value: 2, reached: true })
  t.match(figures['B: Padlock at its best ÷ raw Vault in batches at its best'], {
    value: 0.72,
    reached: true,
  })
  t.notOk('A: Padlock ÷ raw Vault, 8 connections' in figures, 'what was not measured is not told')
})

t.test(
  'an error in what a figure is made of is told, and the figure does not count as reached',
  async (t) => {
    const failed = cells.map((one) => (one.target === 'plain service' ? { ...one, errors: 3 } : one))
    const figure = figuresOf(failed, none).find(({ figure }) => figure === 'B: Padlock ÷ plain service, 128')
    t.match(figure, { value: 2, errors: 3, reached: false })
    t.match(figureTable([figure as Figure]), '2.00 (2.00–2.00), 3 errors | ≥ 1.7 | **no**')
  },
)

t.test('a start is told by its processor time and by the memory that Padlock then rests with', async (t) => {
  const starts = { cpuMs: spread([700, 900, 810]), restMb: spread([118, 121, 119]) }
  const figures = Object.fromEntries(
    figuresOf(cells, none, undefined, starts).map((one) => [one.figure, one]),
  )
  t.match(figures['processor ms until it is ready to sign'], { value: 810, max: 900, reached: false })
  t.match(figures['resident MB at rest'], { value: 119, min: 118, max: 121, reached: true })
})

t.test('growth is told against the best goodput, by what was offered', async (t) => {
  const step = (times: number, ofCapacity: number, anythingElse = 0): OfferedStep => ({
    ...{ times, capacity: 1000, goodput: 500, ofCapacity: spread([ofCapacity]), anythingElse },
    ...{ offeredPerSecond: times * 1000, refusedPerSecond: 0, acceptedP99Ms: 900 * times, byStatus: {} },
    cores: { padlock: 0.5, vault: 1, load: 0.2 },
  })
  const offered = [step(1, 1), step(3, 0.8), step(10, 0.7, 1)]
  const returning = [3, 10].map((times) => ({
    ...{ times, askedPerSecond: 1000, goodput: 900, ofCapacity: spread([0.92]), refusedPerSecond: 100 },
    ...{ refusalsPerToken: 0.1, tokenAfterP50Ms: 100, tokenAfterP99Ms: 1500, anythingElse: 0 },
    cores: { padlock: 0.5, vault: 1, load: 0.2 },
  }))
  const stall = { tokens: 10, refused: 3, falselyRefused: 1, anythingElse: 0, slowestTokenMs: 900 }
  const stalls = [{ ...stall, disturbance: 'a stall' }]
  const figures = figuresOf(cells, { offered, returning, stalls })
  const bounds = Object.fromEntries(figures.map((one) => [one.figure, one]))
  t.match(bounds['goodput at 3 × the capacity ÷ the best goodput'], { value: 0.8, reached: false })
  const honest = (times: number) =>
    bounds[`goodput ÷ capacity, ${times} × as many clients that honour Retry-After`]
  t.match(honest(3), { value: 0.92, reach: '≥ 0.95', reached: false })
  t.match(honest(10), { value: 0.92, reach: '≥ 0.9', reached: true })
  t.match(bounds['refused, though the next second had room: a stall'], { value: 1, reached: false })
  t.match(bounds['goodput at 10 × the capacity ÷ the best goodput'], { value: 0.7, reached: true })
  t.match(bounds['accepted p99 at any load offered, in ms'], { value: 9000, reached: false })
  t.match(bounds['answers that are neither a token nor a 503 with Retry-After'], { value: 1, reached: false })
})

t.test('memory is flat when its last third is as the one before, whatever the warm-up was', async (t) => {
  const samples = (list: number[]) => list.map((residentMb, i) => ({ seconds: i, residentMb }))
  t.equal(growthOf(samples([10, 50, 100, 101, 100, 100, 101, 100, 100])), 1)
  t.equal(growthOf(samples([100, 100, 100, 100, 100, 100, 150, 160, 150])), 1.5)
})

t.test('what the parts allow: the fuller core in layout A, both together in layout B', async (t) => {
  const parts = { ownCpuMs: spread([0.5]), loadCpuMs: spread([0.1]) }
  const both = (['A', 'B'] as const).flatMap((layout) => [
    cell(layout, 'raw Vault, batches', 4, 1000, { vaultCpuMs: spread([1]) }),
    cell(layout, 'Padlock', 128, 800, { ...parts, vaultCpuMs: spread([1.5]) }),
  ])
  const [a, b] = limitsOf(both)
  t.match(a, { layout: 'A', connections: 128, perSecond: 800, allowed: 1000 })
  t.equal(Math.round(b?.allowed as number), 1250)
})
