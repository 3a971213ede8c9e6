import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const { O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants

/**
 * A path that leads to a FIFO, a socket or a device: reading or writing one can wait forever for its other side.
 * `code` stands where a message shows the system's code.
 */
export class NotRegularFileError extends Error {
  readonly code = 'not a regular file'

  constructor() {
    super('not a regular file')
    this.name = 'NotRegularFileError'
  }
}

function checkRegular(stats: Stats): void {
  if (stats.isDirectory()) {
    throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' })
  }
  if (!stats.isFile()) {
    throw new NotRegularFileError()
  }
}

/** A socket, and a FIFO that nobody reads, fail with ENXIO (open(2)): no regular file does. */
const plainer = (error: unknown) =>
  (error as NodeJS.ErrnoException).code === 'ENXIO' ? new NotRegularFileError() : error

/**
 * Opens a regular file without waiting (O_NONBLOCK: open(2) waits for the other side of a FIFO). A link is followed:
 * Kubernetes mounts secrets as links. What it leads to must be a regular file.
 *
 * @param flags of open(2), read-only without it
 * @param mode of a file that is created
 * @throws NotRegularFileError, or an Error of the system with its `code`
 */
export async function openRegularFile(path: string, flags = O_RDONLY, mode?: number): Promise<FileHandle> {
  const file = await open(path, flags | O_NONBLOCK | O_NOCTTY, mode).catch((error: unknown) => {
    throw plainer(error)
  })
  try {
    checkRegular(await file.stat())
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** All that stands in a regular file, opened as by `openRegularFile`. @throws what that throws */
export async function readRegularFile(path: string): Promise<Buffer> {
  const file = await openRegularFile(path)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** As `readRegularFile`, at once. @throws what that throws */
export function readRegularFileSync(path: string): Buffer {
  let file: number
  try {
    file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
  } catch (error) {
    throw plainer(error)
  }
  try {
    checkRegular(fstatSync(file))
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}
