import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cleanup } from '../targets/target.ts'

/**
 * The period in which a quota is counted. With the kernel's own 100 ms a process that has used its share stands still
 * for most of that, and all that waits for it is late by as much.
 */
const periodMicros = 10_000

/**
 * Holds processes to a share of one core each, with a control group of the kernel's (cgroups(7)): version 1, where its
 * processor controller is mounted, or else version 2. Needs root.
 *
 * @param pids each gets a group of its own, which is removed at the end
 * @param share of a core, such as 0.2
 * @param root where control groups are mounted
 * @throws Error with one sentence where the kernel lets no group be made
 */
export function holdToShare(
  t: Cleanup,
  pids: readonly number[],
  share: number,
  root = '/sys/fs/cgroup',
): void {
  const first = existsSync(join(root, 'cpu/cpu.cfs_quota_us'))
  const parent = first ? join(root, 'cpu') : root
  const quotaMicros = Math.round(share * periodMicros)
  // The weight, ten times what a process has by itself: what else the machine does takes nothing from the share.
  const limits = first
    ? { 'cpu.cfs_period_us': `${periodMicros}`, 'cpu.cfs_quota_us': `${quotaMicros}`, 'cpu.shares': '10240' }
    : { 'cpu.max': `${quotaMicros} ${periodMicros}`, 'cpu.weight': '1000' }
  try {
    if (!first) {
      writeFileSync(join(root, 'cgroup.subtree_control'), '+cpu')
    }
    for (const pid of pids) {
      const group = join(parent, `padlock-bench-${pid}`)
      mkdirSync(group)
      t.teardown(() => {
        // A group that holds a process cannot be removed: it goes back.
        writeFileSync(join(parent, 'cgroup.procs'), `${pid}`)
        rmdirSync(group)
      })
      for (const [file, value] of Object.entries({ ...limits, 'cgroup.procs': `${pid}` })) {
        writeFileSync(join(group, file), value)
      }
    }
  } catch (cause) {
    const why = (cause as Error).message
    throw new Error(`No process can be held to a share of a core here: ${why}`, { cause })
  }
}
