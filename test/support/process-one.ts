import { spawnSync } from 'node:child_process'

/** A namespace of process ids of its own, as a container has: the command that follows is its process 1. */
const namespace = ['--pid', '--fork', '--mount-proc', '--kill-child']
const ways = [
  ['unshare', ...namespace],
  ['unshare', '--user', '--map-root-user', ...namespace],
]

/** Words to write before a command, so that it is process 1; undefined where this machine does not allow it. */
export const asProcessOne = ways.find(
  ([command, ...words]) => spawnSync(command as string, [...words, 'true']).status === 0,
)

/** The child of a process that has exactly one; 0 before it is there. */
export const childOf = (pid: number): number =>
  Number(spawnSync('ps', ['--ppid', String(pid), '-o', 'pid=']).stdout.toString())
