import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

// What a command loads is its processor time, which no test can measure on every machine.

const main = join(import.meta.dirname, '../../src/main.ts')
const folder = await mkdtemp(join(tmpdir(), 'padlock-light-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

/** Notes the packages that a process loads, and writes their names when it ends. */
const noting = `
  import { writeFileSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  const names = new Set()
  registerHooks({
    load(url, context, next) {
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*node_modules)/.exec(url) ?? []
      name && names.add(name)
      return next(url, context)
    },
  })
  process.on('exit', () => writeFileSync(process.env.LOADED, JSON.stringify([...names])))
`

/** The packages that a command line loads. */
async function packagesOf(args: readonly string[]): Promise<string[]> {
  const LOADED = join(folder, 'loaded')
  const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(noting)}`, main, ...args]
  await new Promise((resolve) => {
    execFile(process.execPath, nodeArgs, { env: { PATH: process.env.PATH, LOADED } }, resolve).stdin?.end()
  })
  return JSON.parse(await readFile(LOADED, 'utf8')).sort()
}

const grammar = ['@commander-js/extra-typings', 'commander']

t.test('help and version load the grammar alone', async (t) => {
  for (const args of [['--help'], ['key', '--help'], ['help', 'profile'], ['--version'], ['version']]) {
    t.strictSame(await packagesOf(args), grammar, args.join(' '))
  }
})

t.test('token inspect loads no client of Vault and no schemas', async (t) => {
  t.strictSame(await packagesOf(['token', 'inspect']), [
    ...grammar,
    ...['jose', 'jsonc-parser', 're2js', 'toad-cache'],
  ])
})
