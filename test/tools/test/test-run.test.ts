import { execFile } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const RUN = join(import.meta.dirname, '../../../tools/test/run.ts')

/** Runs the test runner on the files of a folder, as make does, in a tap that does not know that it runs inside one. */
function run(args: string[]): Promise<{ code: number; lines: string[] }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^_?TAP/.test(name)))
  return new Promise((resolve) => {
    execFile(process.execPath, [RUN, ...args], { env: { ...env, TAP_TIMEOUT: '5' } }, (error, stdout) => {
      resolve({ code: error ? Number(error.code) : 0, lines: stdout.trimEnd().split('\n') })
    })
  })
}

const cases: Record<string, { files: Record<string, string>; last: string; code: number; told?: RegExp }> = {
  'assertions are counted, not the subtests around them': {
    files: {
      'a.test.ts':
        "t.pass('1'); t.test('s', async (t) => { t.pass('2'); t.test('d', async (t) => { t.pass('3') }) })",
    },
    last: '3 passed, 0 failed',
    code: 0,
    told: /^ok {2}.*a\.test\.ts {2}3 passed, 0 failed$/m,
  },
  'each failure is shown in full': {
    files: {
      'a.test.ts': "console.log('said'); t.pass('1'); t.test('s', async (t) => { t.equal(1, 2, 'same') })",
    },
    last: '1 passed, 1 failed',
    code: 1,
    told: /FAILED .*a\.test\.ts > s > same\n[\s\S]*diff: \|\n[\s\S]*-2\n[\s\S]*\+1\n[\s\S]*Output of .*\n {4}said\nNOT OK/,
  },
  'files are added up': {
    files: {
      'a.test.ts': "t.pass('1')",
      'b.test.ts': "t.fail('2'); t.fail('3')",
      'c.test.ts': "t.pass('4')",
    },
    last: '2 passed, 2 failed',
    code: 1,
  },
  'what is skipped is neither': {
    files: { 'a.test.ts': "t.pass('1'); t.pass('2', { skip: 'not here' }); t.fail('3', { todo: true })" },
    last: '1 passed, 0 failed, 2 skipped',
    code: 0,
    told: /skipped .*2: not here\n/,
  },
  'a file that is killed is a failure, though all it told was good': {
    files: { 'a.test.ts': "t.pass('1'); process.kill(process.pid, 'SIGKILL')" },
    last: '1 passed, 1 failed',
    code: 1,
    told: /FAILED .*a\.test\.ts: the file ended before its tests did\n[\s\S]*SIGKILL/,
  },
  'a file that cannot be loaded': {
    files: { 'a.test.ts': "import './nowhere.ts'" },
    last: '0 passed, 1 failed',
    code: 1,
  },
  'a file that throws late': {
    files: { 'a.test.ts': "t.pass('1'); setTimeout(() => { throw new Error('late') }, 10)" },
    last: '1 passed, 1 failed',
    code: 1,
  },
  'a file that ends with an exit code': {
    files: { 'a.test.ts': "t.pass('1'); t.end(); process.on('exit', () => { process.exitCode = 3 })" },
    last: '1 passed, 1 failed',
    code: 1,
  },
  'a file that never ends': {
    files: {
      'a.test.ts': "t.pass('1'); t.test('s', () => new Promise(() => {})); setInterval(() => {}, 1000)",
    },
    last: '1 passed, 1 failed',
    code: 1,
    told: /timeout!/,
  },
  'a file without a test': {
    files: { 'a.test.ts': "console.log('hi')" },
    last: '0 passed, 1 failed',
    code: 1,
  },
  'a bail-out': {
    files: { 'a.test.ts': "t.pass('1'); t.bailout('enough')" },
    last: '1 passed, 1 failed',
    code: 1,
  },
}

for (const [name, { files, last, code, told }] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const sources = Object.entries(files).map(([file, source]) => [file, `import t from 'tap'\n${source}\n`])
    const result = await run([t.testdir(Object.fromEntries(sources))])
    t.equal(result.lines.at(-1), last)
    t.equal(result.code, code)
    if (told) {
      t.match(result.lines.join('\n'), told)
    }
  })
}

t.test('no test at all is not success', async (t) => {
  for (const args of [[t.testdir({})], ['nowhere']]) {
    t.match(await run(args), { code: 1, lines: /.*/ })
    t.equal((await run(args)).lines.at(-1), '0 passed, 0 failed')
  }
})
