import { execFile } from 'node:child_process'
import { access, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { compactDecrypt } from 'jose'
import t from 'tap'
import { freePort } from '../dev/free-port.ts'
import { startRedis } from './support/redis.ts'
import { startService, testBackend } from './support/service.ts'
import { until } from './support/wait.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'padlock-package-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

const dist = join(root, 'dist')
const prefix = join(folder, 'prefix')
const padlock = join(prefix, 'bin/padlock')
// The program's first line asks for `node`.
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
const env = { PATH, HOME: folder }

await run(process.execPath, ['tools/package/bundle.ts'], { cwd: root })
const { stdout: packed } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: dist })
const tarball: { filename: string; files: { path: string }[] } = JSON.parse(packed)[0]
await run('npm', ['install', '--global', '--offline', '--prefix', prefix, join(folder, tarball.filename)], {
  env,
})

t.test('the package is the program, what it reads, and the licences of what is in it', async (t) => {
  const names = new Set(tarball.files.map(({ path }) => path.replace(/\/.*/, '')))
  t.strictSame([...names].sort(), [
    ...['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES.txt', 'lib', 'package.json', 'padlock.js', 'static'],
    'vault-policies',
  ])
  const manifest = JSON.parse(await readFile(join(dist, 'package.json'), 'utf8'))
  t.strictSame(manifest.bin, { padlock: 'padlock.js' })
  t.equal(manifest.private, true)
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'scripts']) {
    t.notOk(kind in manifest, kind)
  }
  const licences = await readFile(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
  for (const name of ['fastify', 'jose', 'node-vault', '@opentelemetry/core', 'ioredis']) {
    t.match(licences, new RegExp(`^${name} [0-9.]+ \\((MIT|Apache-2.0)\\)$`, 'm'), name)
  }
  t.notMatch(licences, /^(tap|typescript|esbuild) /m, 'what only development uses is not in it')
})

t.test('the image is bundled by the esbuild that the tests use', async (t) => {
  const read = async (path: string) => JSON.parse(await readFile(join(root, path), 'utf8'))
  const { esbuild } = (await read('package.json')).devDependencies
  t.strictSame((await read('tools/package/package.json')).dependencies, { esbuild })
  const locks = await Promise.all(['package-lock.json', 'tools/package/package-lock.json'].map(read))
  const [tests, image] = locks.map(({ packages }) => packages['node_modules/esbuild'].integrity)
  t.equal(image, tests)
})

t.test('it is installed alone, and its stack traces lead somewhere', async (t) => {
  const modules = join(prefix, 'lib/node_modules')
  t.strictSame(await readdir(modules), ['padlock'])
  await t.rejects(access(join(modules, 'padlock/node_modules')))
  t.ok((await stat(padlock)).mode & 0o100)
  const parts = await Promise.all(
    (await readdir(join(dist, 'lib'))).map((name) => readFile(join(dist, 'lib', name), 'utf8')),
  )
  t.ok(parts.some((code) => /\/\/ src\/cli\/signals\.ts\n(.*\n)*?function endBySignals\(/.test(code)))
  t.notOk(
    parts.some((code) => code.includes('__name(')),
    'no closure is given its name again whenever it is made',
  )
})

t.test('Node does not load the undici that is inside it beside the one of the program', async (t) => {
  const probe = join(folder, 'probe.cjs')
  await writeFile(probe, "process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))")
  const failed = await run(padlock, ['serve'], {
    env: { ...env, NODE_OPTIONS: `--require=${probe}` },
  }).catch((error) => error)
  t.match(failed.stderr, /^NativeModule http$/m)
  t.notMatch(failed.stderr, /internal\/deps\/undici/)
})

t.test('an older Node gets one sentence', async (t) => {
  const source = await readFile(join(dist, 'padlock.js'), 'utf8')
  const old = source.replaceAll('process.versions.node', '"20.18.0"')
  t.not(old, source)
  const failed = await run(process.execPath, ['--input-type=module', '-e', old.replace(/^#!.*/, '')]).catch(
    (error) => error,
  )
  t.equal(failed.code, 2)
  t.match(failed.stderr, /^padlock needs Node\.js 24 or newer; this is v[^\n]*\n$/)
})

t.test(
  'it sets a Vault up, serves beside a Redis, issues a token, judges a caller and lists keys',
  async (t) => {
    const backend = await testBackend(t)
    const { vault } = backend
    const operator = { ...env, VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken }
    const { stdout: plan } = await run(padlock, ['setup', '--policies-only', '--yes'], { env: operator })
    t.match(plan, /padlock-signer/)
    const { stdout: version } = await run(padlock, ['--version'], { env })
    t.equal(version, '0.1.0\n')

    const redisPort = await freePort(0, '127.0.0.1')
    await startRedis(t, redisPort)
    const service = await startService(
      t,
      { ...backend, env: { ...backend.env, PATH } },
      { PADLOCK_REDIS_URL: `redis://127.0.0.1:${redisPort}`, PADLOCK_RATE_LIMIT_PER_SECOND: '1000' },
      undefined,
      [],
      [padlock],
    )
    const answer = await service.issue({ userId: 'customer-8714' })
    t.equal(answer.status, 200)
    const { token } = (await answer.json()) as { token: string }
    const { plaintext } = await compactDecrypt(token, backend.recipientKey)
    const [, claims = ''] = new TextDecoder().decode(plaintext).split('.')
    t.match(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
      'https://iadvize.com/userId': 'customer-8714',
    })
    for (const path of [
      '/docs',
      '/docs/static/swagger-ui.css',
      '/docs/static/logo.svg',
      '/openapi.json',
      '/metrics',
    ]) {
      t.equal((await fetch(`${service.url}${path}`)).status, 200, path)
    }
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text()
    await until(async () => {
      await service.issue({ userId: 'customer-8714' })
      return /^padlock_rate_limit_redis_up 1$/m.test(await metrics())
    })

    const callerToken = join(folder, 'caller.jwt')
    await writeFile(callerToken, await backend.callers.token())
    const { stdout: judged } = await run(padlock, ['caller', 'inspect', '--token-file', callerToken], {
      env: { ...env, ...backend.env, PATH },
    })
    t.match(judged, 'Padlock would let this caller in.')

    const userId = join(folder, 'user-id')
    await writeFile(userId, 'customer-8714')
    const files = ['--user-id-file', userId, '--caller-token-file', callerToken]
    const { stdout: asked } = await run(
      padlock,
      ['token', 'issue', 'default', ...files, '--output', 'token'],
      {
        env: { ...env, PADLOCK_URL: service.url },
      },
    )
    t.match(asked, /^[\w-]+(\.[\w-]+){4}\n$/)

    const { stdout: keys } = await run(padlock, ['key', 'list', 'default'], { env: operator })
    t.match(keys, /1.*active/s)
  },
)

t.test("no page has the stranger's package of that name installed", async (t) => {
  const pages = [
    'README.md',
    'SECURITY.md',
    ...(await readdir(join(root, 'docs')))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ]
  for (const page of pages) {
    const text = await readFile(join(root, page), 'utf8')
    t.notMatch(
      text,
      /\b(npx|npm (i|install|exec)|pnpm (add|dlx)|yarn (add|dlx))( -\S+| --\S+)* padlock\b/,
      page,
    )
  }
})
