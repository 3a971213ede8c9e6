import { cellOf } from './figures.ts'
import type { Cell } from './measure.ts'

/** Of the day's views, those in its busiest hour, and that hour's peak second ÷ its mean: where nobody has measured them. */
const usual = { busiestHour: 0.12, peak: 3 }
/** The part of a core that may be used at the peak. */
const usable = 0.6
const examples = [200_000, 2_000_000, 20_000_000]

const whole = (value: number) => value.toLocaleString('en-US')

/** What the views of a day ask for. */
export interface Sizing {
  views: number
  /** tokens in the peak second */
  tokens: number
  /** cores of Vault, and instances of Padlock with one to spare */
  vaultCores: number
  instances: number
}

/**
 * @param views of logged-in visitors' pages, a day
 * @param seconds processor time of Vault for a signature in full batches, and of Padlock for a token
 */
export function sizing(views: number, seconds: { vault: number; padlock: number }): Sizing {
  const tokens = (views * usual.busiestHour * usual.peak) / 3_600
  const cores = (each: number) => Math.ceil((tokens * each) / usable)
  return {
    ...{ views, tokens },
    vaultCores: Math.max(1, cores(seconds.vault)),
    instances: Math.max(2, cores(seconds.padlock) + 1),
  }
}

/**
 * The part of docs/operations.md: the times of this run, and what they come to.
 *
 * @throws Error when Padlock was not measured at 128 connections
 */
export function sizingPart(cells: readonly Cell[], measuredOn: string): string {
  const cell = cellOf(cells, 'B', 'Padlock', 128)
  if (cell?.ownCpuMs === undefined) {
    throw new Error('Padlock was not measured at 128 connections in layout B.')
  }
  // Rounded up to tenths of a millisecond.
  const seconds = (ms: number) => Math.ceil(ms * 10) / 10_000
  const each = { vault: seconds(cell.vaultCpuMs.median), padlock: seconds(cell.ownCpuMs.median) }
  const rows = examples
    .map((views) => sizing(views, each))
    .map((one) => `| ${whole(one.views)} | ${whole(one.tokens)} | ${one.vaultCores} | ${one.instances} |`)
  const last = sizing(examples.at(-1) as number, each)
  const exact = (time: number) =>
    `${whole(last.tokens)} × ${time} ÷ ${usable} = ${((last.tokens * time) / usable).toFixed(1)}`
  return `
${measuredOn}, all processes on both cores: \`v\` = ${each.vault} s, \`p\` = ${each.padlock} s.
Take a share of ${usual.busiestHour} and a ratio of ${usual.peak} where you have no figures of your own.

| views a day | T | Vault's cores | instances of Padlock |
|---|---|---|---|
${rows.join('\n')}

So for ${whole(last.views)}: T = ${whole(last.views)} × ${usual.busiestHour} × ${usual.peak} ÷ 3,600 = ${whole(last.tokens)}; Vault ${exact(each.vault)} cores;
Padlock ${exact(each.padlock)}, rounded up, and one more.`
}
