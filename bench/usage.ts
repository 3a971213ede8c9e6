import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** The counters of proc(5)'s stat from `utime` on, in milliseconds. */
function counters(pid: number | 'self'): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name, in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).map((ticks) => (Number(ticks) / ticksPerSecond) * 1000)
}

/** Processor time that a process has used so far, user and system, in milliseconds. */
export function cpuMs(pid: number): number {
  const [user, system] = counters(pid) as [number, number]
  return user + system
}

/** Processor time of the programs that this process has started and that have ended, in milliseconds. */
export function endedChildrenCpuMs(): number {
  const [, , user, system] = counters('self') as [number, number, number, number]
  return user + system
}

/** Resident memory of a process in MB (proc(5), status). */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** Binds every thread of a process to some cores, such as `0` or `0,1` (taskset(1)). */
export function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { stdio: 'ignore' })
}
