import { cellOf } from './figures.ts'
import type { Cell } from './measure.ts'
import type { ScaleResults } from './results.ts'
import { timesOneNode } from './scale/cells.ts'

/**
 * Of the day's views, those in its busiest hour; that hour's peak second ÷ its mean; the minutes that a page stays open:
 * where nobody has measured them.
 */
const usual = { busiestHour: 0.12, peak: 3, openMinutes: 10 }
/** The part of a core that may be used at the peak. */
const usable = 0.6
const examples = [200_000, 2_000_000, 20_000_000]
/** Minutes of a session of iAdvize's: as it comes, and for a bank (docs/iadvize.md). */
const sessions = [60, 7]

const whole = (value: number) => Math.round(value).toLocaleString('en-US')

/** What a token costs in seconds of processor time, of Vault in full batches and of Padlock, and what two nodes give. */
export interface Costs {
  vault: number
  padlock: number
  /** tokens through two nodes that sign ÷ through one, 2 at the most */
  twoNodes: number
}

/** What the views of a day ask for. */
export interface Sizing {
  views: number
  sessionMinutes: number
  /** tokens in the peak second */
  tokens: number
  /** cores of the node that signs, where one alone does */
  vaultCores: number
  /** cores of each of three nodes that all sign, one of which may be away */
  nodeCores: number
  /** instances of Padlock with one to spare */
  instances: number
}

/**
 * @param views of logged-in visitors' pages, a day
 * @param sessionMinutes after which iAdvize checks the visitor of an open page again
 */
export function sizing(views: number, sessionMinutes: number, costs: Costs): Sizing {
  const again = usual.openMinutes / sessionMinutes
  const tokens = ((views * usual.busiestHour * usual.peak) / 3_600) * (1 + again)
  const busy = (each: number) => (tokens * each) / usable
  return {
    ...{ views, sessionMinutes, tokens },
    vaultCores: Math.max(1, Math.ceil(busy(costs.vault))),
    nodeCores: Math.max(1, Math.ceil(busy(costs.vault) / costs.twoNodes)),
    instances: Math.max(2, Math.ceil(busy(costs.padlock)) + 1),
  }
}

/**
 * The part of docs/operations.md: the times of this run, and what they come to.
 *
 * @param scale what `make bench-scale` found
 * @throws Error when Padlock was not measured at 128 connections, or not through nodes of OpenBao
 */
export function sizingPart(
  cells: readonly Cell[],
  scale: readonly ScaleResults[],
  measuredOn: string,
): string {
  const cell = cellOf(cells, 'B', 'Padlock', 128)
  const nodes = scale.find(({ product }) => product === 'OpenBao')
  if (cell?.ownCpuMs === undefined || nodes === undefined) {
    throw new Error('Padlock was not measured at 128 connections in layout B, or not by make bench-scale.')
  }
  // Rounded up to tenths of a millisecond.
  const seconds = (ms: number) => Math.ceil(ms * 10) / 10_000
  const costs: Costs = {
    vault: seconds(cell.vaultCpuMs.median),
    padlock: seconds(cell.ownCpuMs.median),
    // Two nodes sign twice as much at the most: what a run has more is its noise.
    twoNodes: Math.min(2, timesOneNode(nodes.cells, { instances: 1, nodes: 2 }).median),
  }
  const all = examples.flatMap((views) => sessions.map((minutes) => sizing(views, minutes, costs)))
  const rows = all.map((one) =>
    [
      ...[whole(one.views), one.sessionMinutes, whole(one.tokens)],
      ...[one.vaultCores, one.nodeCores, one.instances],
    ].join(' | '),
  )
  const last = sizing(examples.at(-1) as number, sessions[0] as number, costs)
  const exact = (time: number) =>
    `${whole(last.tokens)} × ${time} ÷ ${usable} = ${((last.tokens * time) / usable).toFixed(1)}`
  return `
${measuredOn}, all processes on both cores: \`v\` = ${costs.vault} s, \`p\` = ${costs.padlock} s;
\`g\` = ${costs.twoNodes.toFixed(2)} by \`make bench-scale\`. Take a share of ${usual.busiestHour}, a ratio of ${usual.peak} and \`o\` = ${usual.openMinutes} minutes where you have no figures of your own.

| views a day | s, minutes | T | cores of the one node that signs | cores of each of three that all sign | instances of Padlock |
|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}

So for ${whole(last.views)} and ${last.sessionMinutes} minutes: T = ${whole(last.views)} × ${usual.busiestHour} × ${usual.peak} ÷ 3,600 × (1 + ${usual.openMinutes} ÷ ${last.sessionMinutes}) = ${whole(last.tokens)};
one node ${exact(costs.vault)} cores, each of three that ÷ ${costs.twoNodes.toFixed(2)}; Padlock ${exact(costs.padlock)}, rounded up, and one more.`
}
