import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 60_000
const PAUSE_MS = 500

/**
 * Tries until it succeeds, for a minute: what it needs may have been started beside it, at the same moment.
 * The first failure is one line on standard error.
 *
 * @param what is waited for, such as `Vault at http://vault:8200`
 * @throws Error with one sentence when the minute is over
 */
export async function waitingFor<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (let said = false; ; said = true) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`Waited ${PATIENCE_MS / 1000} s for ${what}, in vain: ${reason(error)}`, {
          cause: error,
        })
      }
      if (!said) {
        console.error(`Waiting for ${what}: ${reason(error)}`)
      }
    }
    await sleep(PAUSE_MS)
  }
}

/** fetch puts what went wrong behind "fetch failed". */
function reason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || message : message
}

/** Ends a program of Compose's by the signals that end it, and an error by its sentence alone. */
export async function oneShot(work: () => Promise<void>): Promise<void> {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Process 1 of a container is spared by signals without a handler.
    process.once(name, () => process.exit(1))
  }
  await work().catch((error: Error) => {
    console.error(error.message)
    process.exitCode = 1
  })
}
