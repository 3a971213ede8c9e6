import type { Terminal } from './terminal.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Does what must not be left half done: the first Ctrl-C is noted, a second one breaks off.
 *
 * @param work is told by the signal to begin nothing new
 */
export async function uninterrupted<T>(
  { stderr }: Terminal,
  work: (interrupted: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController()
  const stop = () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
  const onSignal = (signal: NodeJS.Signals) => {
    if (interrupted.signal.aborted) {
      stop()
      process.kill(process.pid, signal)
      return
    }
    stderr.write('\nFinishing what is under way; once more breaks it off.\n')
    interrupted.abort()
  }
  for (const signal of signals) process.on(signal, onSignal)
  try {
    return await work(interrupted.signal)
  } finally {
    stop()
  }
}
