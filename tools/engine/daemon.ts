import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Starts a container engine, in a sandbox of its own: it changes routes, filters and mounts. It ends with the sandbox.
 *
 * @param work folder for all that it keeps
 * @returns what the environment of `docker` must have
 * @throws Error where it does not answer within a minute
 */
export async function startDaemon(work: string): Promise<{ DOCKER_HOST: string; DOCKER_CONFIG: string }> {
  await run('mount', ['--make-rprivate', '/'])
  // Where programs keep sockets and process ids of the machine.
  await run('mount', ['-t', 'tmpfs', 'none', '/run'])
  await run('ip', ['link', 'set', 'lo', 'up'])
  await until(async () => (await run('ip', ['-4', 'addr', 'show', 'tap0'])).stdout.includes('inet '))

  const env = { DOCKER_HOST: `unix://${join(work, 'docker.sock')}`, DOCKER_CONFIG: join(work, 'config') }
  await mkdir(join(env.DOCKER_CONFIG, 'cli-plugins'), { recursive: true })
  const docker = (await run('sh', ['-c', 'command -v docker'])).stdout.trim()
  for (const name of ['docker-compose', 'docker-buildx']) {
    const plugin = join(dirname(docker), '../libexec/docker/cli-plugins', name)
    await symlink(plugin, join(env.DOCKER_CONFIG, 'cli-plugins', name))
  }
  const log = openSync(join(work, 'dockerd.log'), 'w')
  const places = [
    '--data-root',
    join(work, 'data'),
    '--exec-root',
    '/run/docker',
    '--pidfile',
    '/run/docker.pid',
  ]
  const daemon = spawn('dockerd', [...places, '--host', env.DOCKER_HOST], { stdio: ['ignore', log, log] })
  const ended = once(daemon, 'close').then(([code]) => {
    throw new Error(`dockerd ended with ${code}: see ${join(work, 'dockerd.log')}.`)
  })
  ended.catch(() => {})
  await Promise.race([ended, until(() => run('docker', ['info'], { env: { ...process.env, ...env } }))])
  return env
}

/** Tries for a minute. */
async function until(attempt: () => Promise<unknown>): Promise<void> {
  for (let left = 300; ; left--) {
    const done = await attempt().catch((error) => {
      if (left === 0) {
        throw error
      }
    })
    if (done) {
      return
    }
    if (left === 0) {
      throw new Error('It did not come up within a minute.')
    }
    await sleep(200)
  }
}
