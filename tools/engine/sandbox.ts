import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, rmdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endingWithParent } from '../../dev/vault-process.ts'
import { findOnPath } from '../vault/executable.ts'

/** Why no container engine can be started on this machine, in one sentence; undefined where one can. */
export async function whyNoSandbox(): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    return 'a container engine of its own can be started on Linux alone'
  }
  if (process.getuid?.() !== 0) {
    return 'a container engine of its own can be started by root alone'
  }
  for (const name of ['apt-get', 'dpkg-deb', 'unshare', 'ip']) {
    if ((await findOnPath(name, process.env)) === undefined) {
      return `a container engine of its own needs ${name}, as Debian has it`
    }
  }
  if (!existsSync('/dev/net/tun')) {
    return 'a container engine of its own needs /dev/net/tun'
  }
  const child = spawn('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' })
  const [code] = await once(child, 'close')
  return code === 0 ? undefined : 'this machine lets nobody make network namespaces'
}

/**
 * Runs a command in a network, mounts and processes of its own. It can reach what this machine can reach; what it binds,
 * mounts, routes or filters is seen by nobody else, and all of it is gone with the command, however that ends.
 *
 * @param programs folder that stands for `/` and holds its programs, slirp4netns among them
 * @param signal ends it and all that it started
 * @returns its exit code
 */
export async function inSandbox(command: string[], programs: string, signal: AbortSignal): Promise<number> {
  const bin = ['usr/sbin', 'usr/bin'].map((folder) => join(programs, folder))
  const env = { ...process.env, PATH: [...bin, process.env.PATH].join(delimiter) }
  const libraries = join(programs, 'usr/lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`)
  const before = new Set(controlGroups())
  const isolated = ['unshare', '--net', '--mount', '--pid', '--mount-proc', '--fork', '--kill-child']
  const [first, ...rest] = await endingWithParent([...isolated, '--', ...command])
  const child = spawn(first as string, rest, { env, signal, killSignal: 'SIGKILL', stdio: 'inherit' })
  child.on('error', () => {})
  const ended = once(child, 'close')
  let network: ReturnType<typeof spawn> | undefined
  try {
    const inner = await innerProcess(child.pid as number)
    const slirp = ['slirp4netns', '--configure', '--mtu=65520', '--disable-host-loopback', inner, 'tap0']
    const [program, ...args] = await endingWithParent(slirp)
    network = spawn(program as string, args, { env: { ...env, LD_LIBRARY_PATH: libraries }, stdio: 'ignore' })
    network.on('error', () => child.kill('SIGKILL'))
    const [code] = await ended
    return code ?? 1
  } finally {
    network?.kill()
    await removeControlGroups(before)
  }
}

/** The process that unshare has forked. */
async function innerProcess(outer: number): Promise<string> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const [child] = readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').split(' ')
    if (child) {
      return child
    }
    await sleep(50)
  }
  throw new Error('unshare started nothing.')
}

/** Where dockerd puts its containers: the one thing of it that outlives its namespaces. */
const controlGroups = (): string[] => globSync('/sys/fs/cgroup/{.,*}/docker')

async function removeControlGroups(before: ReadonlySet<string>): Promise<void> {
  for (const group of controlGroups().filter((path) => !before.has(path))) {
    const below = globSync(`${group}/**/`).sort((a, b) => b.length - a.length)
    for (const path of [...below, group].map((path) => join(path))) {
      // Processes that were killed a moment ago may still be in it.
      for (let attempt = 0; attempt < 50 && !removed(path); attempt++) {
        await sleep(100)
      }
    }
  }
}

function removed(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
