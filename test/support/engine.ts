import { execFile } from 'node:child_process'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

export const root = join(import.meta.dirname, '../..')

/** Runs `docker`. @returns its standard output; both outputs for `logs` */
export async function docker(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('docker', args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
    timeout: 240_000,
  })
  return args.includes('logs') ? stdout + stderr : stdout.trim()
}

export const compose = (...args: string[]): Promise<string> => docker('compose', '--ansi', 'never', ...args)

/** The id of a service's container, running or not. */
export const containerOf = (service: string): Promise<string> => compose('ps', '--all', '--quiet', service)

/** What `docker inspect` says of a container or image. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever Docker says.
export const inspect = async (name: string): Promise<any> => JSON.parse(await docker('inspect', name))[0]

/** The exit code of a service that ends by itself. */
export const ended = async (service: string): Promise<number> =>
  Number(await docker('wait', await containerOf(service)))

/** Tries for a minute until something is as it should be. */
export async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let left = 120; ; left--) {
    const found = await attempt().catch((error) => {
      if (left === 0) {
        throw error
      }
      return undefined
    })
    if (found !== undefined) {
      return found
    }
    if (left === 0) {
      throw new Error('It did not come about within a minute.')
    }
    await sleep(500)
  }
}

/** A running container's first process, as the kernel sees it. */
export async function processOf(container: string) {
  const pid = (await inspect(container)).State.Pid as number
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const stat = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1] as string
  const [user, system] = stat.split(' ').slice(11, 13).map(Number) as [number, number]
  const mounts = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).trimEnd().split('\n')
  return {
    field: (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '',
    /** options of the mount at a path */
    mount: (path: string) =>
      mounts.map((line) => line.split(' ')).findLast((words) => words[4] === path)?.[5],
    /** processor time so far, in seconds; Linux counts hundredths */
    seconds: (user + system) / 100,
  }
}

/** Has a figure printed at the end of the run. */
export async function figure(text: string): Promise<void> {
  const file = process.env.ENGINE_FIGURES
  if (file !== undefined) {
    await appendFile(file, `${text}\n`)
  }
}
