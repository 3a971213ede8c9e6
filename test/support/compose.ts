import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

/** A service of docker-compose.yml, as far as the tests read it. */
export interface ComposeService {
  image: string
  build?: { context: string; target: string }
  entrypoint?: string[]
  command?: string[]
  user?: string
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
  healthcheck?: { test: string[]; interval: string }
  depends_on?: Record<string, { condition: string }>
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  profiles?: string[]
}

export interface ComposeFile {
  services: Record<string, ComposeService>
  volumes: Record<string, unknown>
}

export const composeFile = join(import.meta.dirname, '../../docker-compose.yml')

/** The compose file with its anchors merged and the default of every variable filled in. */
export async function readCompose(): Promise<ComposeFile> {
  const text = await readFile(composeFile, 'utf8')
  return parse(
    text.replaceAll(/\$\{\w+:-([^}]*)\}/g, (_match, standard: string) => standard),
    { merge: true },
  )
}

/** What `docker compose up` starts without a profile. */
export function withoutProfiles(file: ComposeFile): ComposeFile {
  const services = Object.entries(file.services).filter(([, { profiles }]) => profiles === undefined)
  return { ...file, services: Object.fromEntries(services) }
}

/** The services in an order in which each comes after all that it depends on. */
export function startOrder(services: ComposeFile['services']): string[] {
  const order: string[] = []
  const open = new Set<string>()
  const add = (name: string) => {
    if (order.includes(name)) {
      return
    }
    if (open.has(name)) {
      throw new Error(`${name} depends on itself`)
    }
    open.add(name)
    for (const other of Object.keys(services[name]?.depends_on ?? {})) {
      add(other)
    }
    order.push(name)
  }
  for (const name of Object.keys(services)) {
    add(name)
  }
  return order
}

/**
 * What has to differ when the services run on this machine and not each in a network and a file system of its
 * own, and nothing else: names of services and published ports become ports of 127.0.0.1, mounts become folders.
 *
 * @param ports free ports by the names of the services that publish one
 * @param folders folders by the names of volumes
 * @returns a function that says what a text of the file means here
 */
export function nativeText(
  { services }: ComposeFile,
  ports: Record<string, number>,
  folders: Record<string, string>,
): (text: string) => string {
  const pairs: [string, string][] = []
  for (const [name, service] of Object.entries(services)) {
    const inside = service.ports?.[0]?.split(':').at(-1)
    if (inside !== undefined) {
      const here = String(ports[name])
      for (const host of [name, '0.0.0.0', '127.0.0.1']) {
        pairs.push([`${host}:${inside}`, `127.0.0.1:${here}`])
      }
      pairs.push([inside, here])
    }
    for (const volume of service.volumes ?? []) {
      const [from, to] = volume.split(':') as [string, string]
      pairs.push([to, folders[from] as string])
    }
  }
  pairs.push(['0.0.0.0', '127.0.0.1'])
  return (text) => {
    const whole = pairs.find(([from]) => from === text)
    if (whole !== undefined) {
      return whole[1]
    }
    const partial = pairs.filter(([from]) => /[:/]/.test(from))
    return partial.reduce((current, [from, to]) => current.replaceAll(from, to), text)
  }
}
