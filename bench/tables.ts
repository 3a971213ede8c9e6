import type { Figure } from './figures.ts'
import type { Limit } from './limits.ts'
import type { Cell } from './measure.ts'
import type { OfferedStep } from './offered.ts'
import type { Overload } from './overload.ts'
import type { ReturningStep } from './returning.ts'
import type { StallResult } from './stall.ts'
import type { Spread } from './statistics.ts'

/** Three digits that count, or all before the point. */
export const digits = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** A median with the least and the most of the rounds. */
export const withRounds = ({ median, min, max }: Spread) =>
  `${digits(median)} (${digits(min)}–${digits(max)})`

/** Rows as a Markdown table. */
export function markdown(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ figure, value, min, max, errors, reach, reached }) => {
    const rounds = min === undefined || max === undefined ? '' : ` (${digits(min)}–${digits(max)})`
    const among = errors === undefined ? '' : `, ${errors} errors`
    return [figure, `${digits(value)}${rounds}${among}`, reach, reached ? 'yes' : '**no**']
  })
  return markdown(['figure', 'measured (min–max)', 'to reach', 'reached'], rows)
}

export function cellTable(cells: readonly Cell[]): string {
  const rows = cells.map((cell) => [
    ...[cell.layout, cell.target, String(cell.connections)],
    withRounds(cell.perSecond),
    digits(cell.p50Ms.median),
    withRounds(cell.p99Ms),
    cell.ownCpuMs === undefined ? '' : digits(cell.ownCpuMs.median),
    digits(cell.vaultCpuMs.median),
    cell.residentMb === undefined ? '' : cell.residentMb.toFixed(0),
    String(cell.errors),
  ])
  const head = ['layout', 'target', 'connections', 'a second (min–max)', 'p50 ms', 'p99 ms (min–max)']
  return markdown([...head, 'own CPU ms', 'Vault CPU ms', 'resident MB', 'errors'], rows)
}

export function limitTable(limits: readonly Limit[]): string {
  const rows = limits.map(({ layout, connections, perSecond, allowed }) => [
    ...[layout, String(connections), digits(perSecond), digits(allowed)],
    `${((perSecond / allowed) * 100).toFixed(0)} %`,
  ])
  return markdown(['layout', 'connections', 'tokens a second', 'what the parts allow', 'share'], rows)
}

function offeredTable(offered: readonly OfferedStep[]): string {
  const rows = offered.map((step) => [
    ...[
      `${step.times} ×`,
      digits(step.offeredPerSecond),
      digits(step.goodput),
      digits(step.ofCapacity.median),
      digits(step.refusedPerSecond),
    ],
    step.acceptedP99Ms === null ? '' : digits(step.acceptedP99Ms),
    String(step.anythingElse),
    ...[step.cores.padlock, step.cores.vault, step.cores.load].map(digits),
  ])
  const head = ['load', 'offered a second', 'tokens a second', '÷ capacity then', 'refused a second']
  return markdown([...head, 'accepted p99 ms', 'anything else', 'cores: Padlock', 'Vault', 'vegeta'], rows)
}

function returningTable(steps: readonly ReturningStep[]): string {
  const rows = steps.map((step) => [
    `${step.times} ×`,
    ...[step.askedPerSecond, step.goodput, step.ofCapacity.median, step.refusalsPerToken].map(digits),
    ...[step.tokenAfterP50Ms, step.tokenAfterP99Ms].map(digits),
    String(step.anythingElse),
    ...[step.cores.padlock, step.cores.vault, step.cores.load].map(digits),
  ])
  const head = ['clients', 'asked a second', 'tokens a second', '÷ capacity then', 'refusals for a token']
  const times = ['until the token, p50 ms', 'p99 ms']
  return markdown([...head, ...times, 'anything else', 'cores: Padlock', 'Vault', 'clients'], rows)
}

function stallTable(stalls: readonly StallResult[]): string {
  const rows = stalls.map((one) => [
    one.disturbance,
    ...[one.tokens, one.refused, one.falselyRefused, one.anythingElse].map(String),
    digits(one.slowestTokenMs),
  ])
  const head = ['while 128 connections ask', 'tokens', 'refused', 'of these, the next second had room']
  return markdown([...head, 'anything else', 'slowest token, ms'], rows)
}

/** What was measured past the capacity, each table under its heading. */
export function overloadTables({ offered, returning, stalls }: Overload): string {
  const parts = [
    ['Offered load', offered.length, offeredTable(offered)],
    ['Clients that honour `Retry-After`', returning.length, returningTable(returning)],
    ['A Vault that stands still, or serves others', stalls.length, stallTable(stalls)],
  ] as const
  return parts
    .filter(([, rows]) => rows > 0)
    .map(([heading, , table]) => `### ${heading}\n\n${table}`)
    .join('\n\n')
}
