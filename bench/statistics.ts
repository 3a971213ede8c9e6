/** The middle of some numbers, their least and their most. */
export interface Spread {
  median: number
  min: number
  max: number
  /** all of them, in the order of the rounds */
  values: readonly number[]
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median =
    sorted.length % 2 === 1
      ? (sorted[Math.floor(middle)] as number)
      : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  return { median, min: sorted[0] as number, max: sorted.at(-1) as number, values }
}

/** The middle of some numbers; NaN of none. */
export const median = (values: readonly number[]): number => spread(values).median

/**
 * The ratio of two targets over the rounds: in each round the two were measured right after each other, so that a
 * machine which is slower in one round than in the next does not come into it.
 */
export function ratioOf(over: Spread, under: Spread): Spread {
  return spread(over.values.map((value, round) => value / (under.values[round] as number)))
}

/** The difference of two targets over the rounds, as `ratioOf`. */
export function differenceOf(of: Spread, less: Spread): Spread {
  return spread(of.values.map((value, round) => value - (less.values[round] as number)))
}

/** The value below which a share of some numbers lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/**
 * The straight line through some points by least squares: how steep it is, and how uncertain that is.
 *
 * @param points at least three, x and y
 */
export function slope(points: readonly (readonly [number, number])[]): {
  slope: number
  standardError: number
} {
  const count = points.length
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / count
  const [meanX, meanY] = [mean(0), mean(1)]
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const steep = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX
  const left = points.reduce((sum, [x, y]) => sum + (y - meanY - steep * (x - meanX)) ** 2, 0)
  return { slope: steep, standardError: Math.sqrt(left / (count - 2) / spreadX) }
}
