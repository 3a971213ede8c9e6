import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, copyFile, cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { findOnPath } from '../vault/executable.ts'

const run = promisify(execFile)
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What the stand-ins are made of. */
export interface BaseParts {
  /** folder with Debian's packages, unpacked */
  base: string
  /** folder to work in */
  work: string
  /** the Vault program */
  vault: string
}

/**
 * Makes stand-ins for the images that Dockerfile and docker-compose.yml ask for, under their names, where no registry of
 * images can be reached: of Debian's packages, the Node and npm of this machine, and its Vault and Prometheus.
 *
 * @param files texts of Dockerfile and docker-compose.yml, which name the images
 */
export async function makeBaseImages({ base, work, vault }: BaseParts, files: string): Promise<void> {
  const all = async (pattern: RegExp, root: string, ...changes: string[]) => {
    for (const name of new Set(Array.from(files.matchAll(pattern), ([name]) => name))) {
      await load(name, root, [PATH, ...changes])
    }
    await rm(root, { recursive: true })
  }
  const debian = join(work, 'debian')
  await run('cp', ['-a', base, debian])
  await users(debian, { nonroot: [65532, 65532, '/home/nonroot'], nobody: [65534, 65534, '/'] })
  await owned(debian, 65532, 65532, 'home/nonroot')
  await mkdir(join(debian, 'etc/ssl/certs'), { recursive: true })
  await copyFile(CERTIFICATES, join(debian, CERTIFICATES))

  const node = join(work, 'node')
  await run('cp', ['-a', debian, node])
  await addNode(node)
  await all(/node:24\.[\w.-]+/g, node, 'CMD ["node"]')

  const vaultRoot = join(work, 'vault')
  await mkdir(join(vaultRoot, 'bin'), { recursive: true })
  await mkdir(join(vaultRoot, 'tmp'))
  await run('chmod', ['1777', join(vaultRoot, 'tmp')])
  await copyFile(vault, join(vaultRoot, 'bin/vault'))
  // As in the official one: user vault is 100:1000, and owns its folders.
  await users(vaultRoot, { vault: [100, 1000, '/home/vault'] })
  await owned(vaultRoot, 100, 1000, 'home/vault', 'vault/logs', 'vault/file', 'vault/config')
  await all(/hashicorp\/vault:[\w.-]+/g, vaultRoot, 'VOLUME /vault/logs', 'VOLUME /vault/file', 'EXPOSE 8200')

  await rm(join(debian, 'bin/busybox'))
  const cc = /gcr\.io\/distroless\/cc-debian12(:[\w.-]+)?/g
  const prometheus = await findOnPath('prometheus', process.env)
  if (prometheus !== undefined) {
    const root = join(work, 'prometheus')
    await run('cp', ['-a', debian, root])
    await copyFile(prometheus, join(root, 'bin/prometheus'))
    await owned(root, 65534, 65534, 'prometheus')
    const entry = 'ENTRYPOINT ["/bin/prometheus"]'
    await all(/prom\/prometheus:[\w.-]+/g, root, 'USER nobody', 'VOLUME /prometheus', entry)
  }
  await all(cc, debian, 'USER 65532', 'WORKDIR /home/nonroot', `ENV SSL_CERT_FILE=${CERTIFICATES}`)
}

/** Writes passwd and group, with root in them. @param named user, group and home by name */
async function users(root: string, named: Record<string, [number, number, string]>): Promise<void> {
  const all = Object.entries({ root: [0, 0, '/root'], ...named })
  const lines = (line: (name: string, of: (string | number)[]) => string) =>
    all.map(([name, of]) => `${line(name, of)}\n`).join('')
  await mkdir(join(root, 'etc'), { recursive: true })
  const passwd = lines((name, [user, group, home]) => `${name}:x:${user}:${group}::${home}:/sbin/nologin`)
  await writeFile(join(root, 'etc/passwd'), passwd)
  await writeFile(
    join(root, 'etc/group'),
    lines((name, [, group]) => `${name}:x:${group}:`),
  )
}

async function owned(root: string, user: number, group: number, ...folders: string[]): Promise<void> {
  for (const folder of folders) {
    await mkdir(join(root, folder), { recursive: true })
    await chown(join(root, folder), user, group)
  }
}

/** Node, npm with this machine's global settings, and a shell. */
async function addNode(root: string): Promise<void> {
  const local = join(root, 'usr/local')
  await mkdir(join(local, 'bin'), { recursive: true })
  await mkdir(join(local, 'etc'))
  await copyFile(process.execPath, join(local, 'bin/node'))
  const npm = async (...args: string[]) => (await run('npm', args)).stdout.trim()
  await cp(join(await npm('root', '--global'), 'npm'), join(local, 'lib/node_modules/npm'), {
    recursive: true,
  })
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'))
  const settings = await npm('config', 'get', 'globalconfig')
  // Most machines have none.
  await copyFile(settings, join(local, 'etc/npmrc')).catch(() => {})
  for (const name of ['sh', 'cat', 'cp', 'ls', 'mkdir', 'rm', 'rmdir']) {
    await symlink('busybox', join(root, 'bin', name))
  }
  await symlink('../../bin/busybox', join(root, 'usr/bin/env'))
}

/** Makes an image of a folder. */
async function load(name: string, root: string, changes: string[]): Promise<void> {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const options = changes.flatMap((change) => ['--change', change])
  const docker = spawn('docker', ['import', ...options, '-', name], { stdio: ['pipe', 'ignore', 'inherit'] })
  const [[code]] = await Promise.all([once(docker, 'close'), pipeline(tar.stdout, docker.stdin)])
  if (code !== 0) {
    throw new Error(`The image ${name} could not be made: docker import ended with ${code}.`)
  }
}
