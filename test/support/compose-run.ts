import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { endingWithParent } from '../../dev/vault-process.ts'
import { type ComposeFile, type ComposeService, startOrder } from './compose.ts'
import { type Image, imageEnv, inImage } from './image.ts'

/** How a service is started on this machine. */
interface Start {
  command: string[]
  env: Record<string, string>
  cwd: string
}

export interface ComposeRun {
  /** Does what `docker compose up` does: what runs is left alone, one-shots run again. */
  up(): Promise<void>
  /** Ends a service. */
  stop(name: string): Promise<void>
  /** everything that a service has written */
  output: Record<string, string>
}

/**
 * Runs the services of a compose file on this machine, in its order and with its commands and variables alone.
 *
 * @param here says what a text of the file means on this machine
 * @param images those that are built, by their names
 * @param programs paths of the programs that other images hold
 */
export function composeRun(
  file: ComposeFile,
  here: (text: string) => string,
  images: Record<string, Image>,
  programs: Record<string, string>,
): ComposeRun {
  const running = new Map<string, ChildProcess>()
  const output: Record<string, string> = {}

  function start(service: ComposeService): Start {
    const image = images[service.image]
    // As Docker does: an entrypoint of the service's own leaves the image's command out.
    const command = service.command ?? (service.entrypoint ? [] : (image?.command ?? []))
    const words = [...(service.entrypoint ?? image?.entrypoint ?? []), ...command].map(here)
    const variables = Object.entries({ ...(image && imageEnv(image)), ...service.environment })
    return {
      command: [program(words[0] as string, image), ...words.slice(1)],
      env: Object.fromEntries(variables.map(([name, value]) => [name, here(String(value))])),
      cwd: image ? inImage(image, '.') : '/',
    }
  }

  function program(name: string, image: Image | undefined): string {
    if (image !== undefined && name === 'node') {
      return join(image.root, 'usr/local/bin/node')
    }
    const path = programs[name]
    if (path === undefined) {
      throw new Error(`no program ${name}`)
    }
    return path
  }

  async function launch(name: string, service: ComposeService): Promise<ChildProcess> {
    const { command, env, cwd } = start(service)
    const [first, ...rest] = await endingWithParent(command)
    const child = spawn(first as string, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    output[name] = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
      })
    }
    running.set(name, child)
    child.once('exit', () => running.delete(name))
    return child
  }

  const awaited = (name: string) =>
    new Set(Object.values(file.services).flatMap(({ depends_on }) => depends_on?.[name]?.condition ?? []))

  return {
    output,
    async up() {
      for (const name of startOrder(file.services)) {
        if (running.has(name)) {
          continue
        }
        const service = file.services[name] as ComposeService
        const child = await launch(name, service)
        const conditions = awaited(name)
        // What nothing waits for is a one-shot at the end of the order.
        if (conditions.has('service_completed_successfully') || conditions.size === 0) {
          const [code] = await once(child, 'close')
          if (code !== 0) {
            throw new Error(`${name} ended with ${code}: ${output[name]}`)
          }
        }
      }
    },
    async stop(name) {
      const child = running.get(name)
      if (child?.kill('SIGTERM')) {
        await once(child, 'close')
      }
    },
  }
}
