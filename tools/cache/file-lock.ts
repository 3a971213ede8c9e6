import { open, rm, stat, utimes } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const HEARTBEAT_MS = 2_000
const STALE_MS = 15_000

/** A lock that other processes on this machine see; release it once. */
export interface FileLock {
  release(): Promise<void>
}

/**
 * Waits until the file could be made by this process alone, and keeps its time fresh until release.
 * A lock whose owner died stops being refreshed, and is taken over after 15 seconds.
 *
 * @param onWait called once when another process holds the lock
 */
export async function holdFileLock(path: string, onWait: () => void = () => {}): Promise<FileLock> {
  for (let waited = false; ; waited = true) {
    if (await create(path)) {
      break
    }
    if (!waited) {
      onWait()
    }
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > STALE_MS) {
      await rm(path, { force: true })
    } else {
      await delay(250)
    }
  }
  const heartbeat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return {
    async release() {
      clearInterval(heartbeat)
      await rm(path, { force: true })
    },
  }
}

async function create(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false
    }
    throw error
  }
}
