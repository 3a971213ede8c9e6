import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { type FileLock, holdFileLock } from './file-lock.ts'

/**
 * Where a program of development is kept: in the user's cache, so that a second clone does not get it again.
 *
 * @param path of the program below Padlock's part of the cache
 * @returns an absolute path; the file need not exist
 */
export function cachePath(env: NodeJS.ProcessEnv, ...path: string[]): string {
  // The XDG base directory specification: a relative path in XDG_CACHE_HOME is to be ignored.
  const xdg = env.XDG_CACHE_HOME
  const cache = xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.cache')
  return join(cache, 'padlock', ...path)
}

/**
 * Reserves a file of the cache for this process, which makes it; release the lock once.
 *
 * @param onWait called once when another process makes the same file
 * @throws Error with one sentence that says what to do where the cache cannot be written
 */
export async function reserveInCache(target: string, onWait: () => void): Promise<FileLock> {
  try {
    await mkdir(dirname(target), { recursive: true })
    return await holdFileLock(`${target}.lock`, onWait)
  } catch (cause) {
    throw new Error(`${dirname(target)} cannot be written: set XDG_CACHE_HOME to a folder that can.`, {
      cause,
    })
  }
}
