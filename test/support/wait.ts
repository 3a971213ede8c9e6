import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something is so. A test file's own time limit is its only bound. */
export async function until(isSo: () => unknown): Promise<void> {
  while (!(await isSo())) {
    await sleep(20)
  }
}
