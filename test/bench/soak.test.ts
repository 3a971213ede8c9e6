import t from 'tap'
import { soakVerdict } from '../../bench/soak.ts'
import { slope } from '../../bench/statistics.ts'

const minute = { tokensPerSecond: 400, errors: 0, p99Ms: 40, vaultCpuMs: 1.2 }
/** Ten minutes of samples; memory as a function of the seconds. */
const samplesOf = (mb: (seconds: number) => number) =>
  Array.from({ length: 120 }, (_, i) => ({ seconds: i * 5, residentMb: mb(i * 5) }))
const noisy = (seconds: number) => 100 + (seconds % 15)
const result = { slices: [500], minutes: Array(10).fill(minute), samples: samplesOf(noisy) }

t.test('a line through points, and how uncertain it is', async (t) => {
  t.match(slope([0, 1, 2, 3].map((x) => [x, 5 + 2 * x])), { slope: 2, standardError: 0 })
  const { slope: steep, standardError } = slope([0, 1, 2, 3, 4, 5].map((x) => [x, x % 2]))
  t.ok(Math.abs(steep) < 2 * standardError, 'of what only goes up and down, nothing is left')
})

t.test('a soak is good where nothing failed, memory is flat and the p99 has stayed', async (t) => {
  t.match(soakVerdict(result), { errors: 0, p99Ms: { start: 40, end: 40, ratio: 1 }, good: true })
})

t.test('one error, memory that grows, or a p99 that has grown, and it is not', async (t) => {
  const one = { ...minute, errors: 1 }
  t.match(soakVerdict({ ...result, minutes: [one, ...result.minutes.slice(1)] }), { errors: 1, good: false })
  const leak = samplesOf((seconds) => noisy(seconds) + seconds / 20)
  t.equal(soakVerdict({ ...result, samples: leak }).good, false)
  const slow = [...result.minutes.slice(0, 7), ...Array(3).fill({ ...minute, p99Ms: 45 })]
  t.match(soakVerdict({ ...result, minutes: slow }), { p99Ms: { ratio: 1.125 }, good: false })
})
