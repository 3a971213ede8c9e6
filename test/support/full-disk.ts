import { execFileSync } from 'node:child_process'

/**
 * Lets a process write no file beyond a size, as a full disk does: a write is cut there, and the next one fails with
 * EFBIG (setrlimit(2), RLIMIT_FSIZE; Node ignores SIGXFSZ). Pipes have no size.
 *
 * @param bytes size in bytes
 * @returns makes room again
 */
export function fillDisk(pid: number, bytes: number): () => void {
  const limit = (size: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:`])
  // tap ends its own process at SIGXFSZ where nobody else listens.
  if (pid === process.pid && process.listenerCount('SIGXFSZ') < 2) {
    process.on('SIGXFSZ', () => {})
  }
  limit(bytes)
  return () => void limit('unlimited')
}
