import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const docker = async (...args: string[]) =>
  (await promisify(execFile)('docker', args, { timeout: 20_000 })).stdout.trim()

/** A container engine that somebody has started. */
export interface RunningEngine {
  version: string
  /** why the tests must not use it, in one sentence */
  reason?: string
}

/** @returns the name of the engine that `docker` talks to; undefined where none answers within 20 seconds */
export const engineVersion = (): Promise<string | undefined> =>
  docker('version', '--format', 'Engine {{.Server.Version}}').catch(() => undefined)

/** Finds the engine that `docker` talks to. @returns undefined where none answers */
export async function runningEngine(): Promise<RunningEngine | undefined> {
  const version = await engineVersion()
  if (version === undefined) {
    return undefined
  }
  const compose = await docker('compose', 'version', '--short').catch(() => '')
  if (!/^v?[2-9]/.test(compose)) {
    return { version, reason: `${version} runs here, but \`docker compose\`, version 2 or newer, does not` }
  }
  const [containers, volumes, images] = await Promise.all([
    docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.project=padlock'),
    docker('volume', 'ls', '--quiet', '--filter', 'label=com.docker.compose.project=padlock'),
    docker('images', '--quiet', '--filter', 'reference=padlock', '--filter', 'reference=padlock-development'),
  ])
  if (containers || volumes || images) {
    const removed = '`docker compose down --volumes --rmi all` removes them'
    return { version, reason: `${version} has containers, volumes or images of Padlock already: ${removed}` }
  }
  return { version }
}
