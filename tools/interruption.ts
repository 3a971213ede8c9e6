/** @returns a signal that Ctrl-C and the like give in place of ending this process at once */
export function untilInterrupted(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort())
  }
  return stop.signal
}
