import { median, ratioOf, type Spread, spread } from '../statistics.ts'

/** What each node may use of a core: so little that three nodes fit on one, and leave room for Padlock and the load. */
export const share = 0.2

/** What was measured once. */
export interface ScaleSample {
  perSecond: number
  p50Ms: number
  p99Ms: number
  errors: number
  /** cores that each node kept busy, the leader first, and Padlock's instances together */
  nodeCores: number[]
  padlockCores: number
}

/** What some instances of Padlock made through some nodes, over all rounds. */
export interface ScaleCell {
  instances: number
  nodes: number
  perSecond: Spread
  p50Ms: Spread
  p99Ms: Spread
  errors: number
  /** medians */
  nodeCores: number[]
  padlockCores: number
}

/**
 * What several rounds came to.
 *
 * @param list at least one
 */
export function scaleCell(instances: number, nodes: number, list: readonly ScaleSample[]): ScaleCell {
  const over = (pick: (sample: ScaleSample) => number) => spread(list.map(pick))
  return {
    ...{ instances, nodes },
    perSecond: over(({ perSecond }) => perSecond),
    p50Ms: over(({ p50Ms }) => p50Ms),
    p99Ms: over(({ p99Ms }) => p99Ms),
    errors: list.reduce((sum, { errors }) => sum + errors, 0),
    nodeCores: (list[0] as ScaleSample).nodeCores.map((_, i) =>
      median(list.map(({ nodeCores }) => nodeCores[i] as number)),
    ),
    padlockCores: over(({ padlockCores }) => padlockCores).median,
  }
}

/** Tokens through some nodes ÷ through one of them, round by round, with as many instances. */
export function timesOneNode(
  cells: readonly ScaleCell[],
  { instances, nodes }: Pick<ScaleCell, 'instances' | 'nodes'>,
): Spread {
  const through = (count: number) =>
    (cells.find((cell) => cell.instances === instances && cell.nodes === count) as ScaleCell).perSecond
  return ratioOf(through(nodes), through(1))
}

/** @throws Error when a node had more than its share, with a tenth for the counters' ticks: nothing held it then */
export function refuseMore(nodeCores: readonly number[]): void {
  const most = Math.max(...nodeCores)
  if (most > share * 1.1) {
    throw new Error(`A node used ${most.toFixed(3)} of a core, more than its share of ${share}.`)
  }
}

/** Who leads a cluster, and the number of its term: each election makes it higher (raft). */
export interface Leadership {
  leader: string
  term: number
}

/** @throws Error when the cluster has chosen a leader between two looks: what was measured is of two clusters then */
export function refuseElection(before: Leadership, now: Leadership): void {
  if (now.leader !== before.leader || now.term !== before.term) {
    throw new Error(
      `There was an election: ${before.leader} led in term ${before.term}, ${now.leader} in term ${now.term}. Run it again.`,
    )
  }
}
