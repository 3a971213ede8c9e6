import { access, mkdir, rename, rm } from 'node:fs/promises'
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

/** What is made once and kept in the cache. */
export interface Cached {
  /** absolute path of a file or folder of the cache */
  target: string
  /** whether it is there and fit for use; by default, whether there is anything */
  isThere?: () => Promise<boolean>
  /** called once when another process makes the same */
  onWait: () => void
  /**
   * Makes it at a path beside the target, which nobody else uses and which is removed afterwards.
   *
   * @returns the path of what is to be kept: that one, or one below it
   */
  make: (temporary: string) => Promise<string>
}

/**
 * Makes something in the cache, unless it is there; several processes may call this at once. It is there as a whole or
 * not at all.
 *
 * @returns the target's path
 * @throws Error with one sentence that says what to do where the cache cannot be written; what `make` throws
 */
export async function madeOnce(cached: Cached): Promise<string> {
  const { target, make } = cached
  const isThere = cached.isThere ?? (() => isReachable(target))
  if (await isThere()) {
    return target
  }
  const lock = await reserve(target, cached.onWait)
  const temporary = `${target}.${process.pid}`
  try {
    // The process that was waited for may have made it.
    if (!(await isThere())) {
      const made = await make(temporary)
      // What is there is unfit, and no folder can be renamed to one that holds something.
      await rm(target, { recursive: true, force: true })
      await rename(made, target)
    }
  } finally {
    await rm(temporary, { recursive: true, force: true })
    await lock.release()
  }
  return target
}

const isReachable = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function reserve(target: string, onWait: () => void): Promise<FileLock> {
  try {
    await mkdir(dirname(target), { recursive: true })
    return await holdFileLock(`${target}.lock`, onWait)
  } catch (cause) {
    throw new Error(`${dirname(target)} cannot be written: set XDG_CACHE_HOME to a folder that can.`, {
      cause,
    })
  }
}
