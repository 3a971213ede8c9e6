/** mulberry32 (Tommy Ettinger): the same numbers in [0, 1) for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A shop's visitors, as the simulation has them. */
export interface Shop {
  /** page views of logged-in visitors a second, on average */
  viewsPerSecond: number
  /** length of the simulation */
  seconds: number
  seed: number
}

/** Pages of a visit: Zipf's law, P(n) proportional to n^-pagesExponent, from 1 to mostPages. */
export const pagesExponent = 2
export const mostPages = 500
/** Time on a page: shortestSeconds, and an exponential rest whose mean is the visitor's own pace, lognormal. */
export const shortestSeconds = 1
export const medianSeconds = 20
export const paceSigma = 0.7

const weights = Array.from({ length: mostPages }, (_, i) => (i + 1) ** -pagesExponent)
const weightSum = weights.reduce((sum, weight) => sum + weight, 0)
const meanPages = weights.reduce((sum, weight, i) => sum + weight * (i + 1), 0) / weightSum

/** Page views in the order of time: `[milliseconds, userId]`. Visits begin as a Poisson process. */
export function* pageViews({ viewsPerSecond, seconds, seed }: Shop): Generator<readonly [number, string]> {
  const random = seededRandom(seed)
  const exponential = (mean: number) => -mean * Math.log(1 - random())
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const pages = () => {
    let rest = random() * weightSum
    for (let i = 0; i < mostPages; i++) {
      rest -= weights[i] as number
      if (rest < 0) {
        return i + 1
      }
    }
    return mostPages
  }
  type Visit = { userId: string; left: number; pace: number; at: number }
  const slots: Visit[][] = Array.from({ length: seconds }, () => [])
  const meanGap = meanPages / viewsPerSecond
  let visits = 0
  for (let at = exponential(meanGap); at < seconds; at += exponential(meanGap)) {
    const pace = medianSeconds * Math.exp(paceSigma * normal())
    slots[Math.floor(at)]?.push({ userId: `visitor-${visits++}`, left: pages(), pace, at })
  }
  for (const slot of slots) {
    // Nobody loads two pages within a second, so a slot is complete once its second begins.
    for (const visit of slot.sort((a, b) => a.at - b.at)) {
      yield [visit.at * 1000, visit.userId]
      visit.left -= 1
      visit.at += shortestSeconds + exponential(visit.pace)
      if (visit.left > 0) {
        slots[Math.floor(visit.at)]?.push(visit)
      }
    }
    slot.length = 0
  }
}
