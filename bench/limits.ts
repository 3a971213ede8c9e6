import type { Cell, Layout } from './measure.ts'

/** How far Padlock is from what the same run's parts allow together. */
export interface Limit {
  layout: Layout
  connections: number
  /** tokens a second */
  perSecond: number
  /** tokens a second, if the cores did nothing but this run's least work for a token */
  allowed: number
}

/**
 * What two cores allow: Vault's processor time for a signature in a full batch, Padlock's own for a token, and the load
 * generator's. In layout A the fuller core decides; in layout B the two are shared.
 */
export function limitsOf(cells: readonly Cell[]): Limit[] {
  const limits: Limit[] = []
  for (const cell of cells.filter(({ target }) => target === 'Padlock')) {
    const { layout, connections, ownCpuMs, loadCpuMs, perSecond } = cell
    const batches = cells.filter((one) => one.layout === layout && one.target === 'raw Vault, batches')
    if (batches.length === 0 || ownCpuMs === undefined) {
      continue
    }
    const vault = Math.min(...batches.map(({ vaultCpuMs }) => vaultCpuMs.median))
    const others = ownCpuMs.median + loadCpuMs.median
    const busyMs = layout === 'A' ? Math.max(vault, others) : (vault + others) / 2
    limits.push({ layout, connections, perSecond: perSecond.median, allowed: 1000 / busyMs })
  }
  return limits
}
