import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findVaultBinary } from '../../src/dev/vault-binary.ts'
import { ensurePrograms } from '../programs.ts'
import { readResults, type Totals } from './results.ts'

// Runs the tests with tap and ends with the line "N passed, N failed". Arguments are test files, or folders of them.

const ROOT = join(import.meta.dirname, '../..')
/** What the tests run for real, and the Debian packages that bring it. */
const programs = { chromium: 'chromium', 'redis-server': 'redis-server' }
const BIN = join(ROOT, 'node_modules/.bin')
/** The last line once more, for whoever has to repeat it after other output. */
const SUMMARY_FILE = join(ROOT, '.tap/summary')

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort())
rmSync(SUMMARY_FILE, { force: true })

const { totals, parser } = readResults(console.log)
try {
  const files = process.argv.slice(2).flatMap(testFiles)
  await ensurePrograms('The tests', programs, console.log)
  const vault = await findVaultBinary({ log: console.log, signal: stop.signal })
  console.log(`Tests run against Vault ${vault.version}.`)
  const ended = await runTap(files, vault.path)
  if (stop.signal.aborted) throw new Error('Stopped before the end.')
  // A tap that failed for a reason of its own must not look like success.
  if (ended !== 0 && totals.passed > 0 && totals.failed === 0) {
    totals.failed++
    console.log(`\nFAILED tap itself: it ended with ${ended}`)
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
summarize(totals)

async function runTap(files: string[], vaultBinary: string): Promise<number | string> {
  const tap = spawn(process.execPath, [join(BIN, 'tap'), '--reporter=tap', '--disable-coverage', ...files], {
    cwd: ROOT,
    env: testEnv(vaultBinary),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Its end is awaited, so that what it found until then is told.
  stop.signal.addEventListener('abort', () => tap.kill('SIGTERM'))
  tap.stdout.pipe(parser)
  const [code, signal] = await once(tap, 'close')
  return code ?? signal
}

/** The environment of the tests: this checkout's tools first, and nothing of the user's that a test could pick up. */
function testEnv(vaultBinary: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(VAULT|PADLOCK|MAKE)/.test(name))
  const path = [BIN, process.env.PATH].join(delimiter)
  return { ...Object.fromEntries(kept), PATH: path, VAULT_BIN: vaultBinary }
}

function testFiles(argument: string): string[] {
  const found = statSync(argument, { throwIfNoEntry: false })?.isDirectory()
    ? globSync(`${argument}/**/*.test.ts`).sort()
    : globSync(argument)
  if (found.length === 0)
    throw new Error(`There is no test at ${argument}: name a file or a folder under test/.`)
  return found
}

function summarize({ passed, failed, skipped }: Totals): void {
  const line = `${passed} passed, ${failed} failed`
  if (passed === 0 || failed > 0) process.exitCode = 1
  if (skipped > 0) console.log(`${skipped} skipped`)
  if (passed + failed === 0) console.log('No test ran.')
  mkdirSync(join(ROOT, '.tap'), { recursive: true })
  writeFileSync(SUMMARY_FILE, `${line}\n`)
  console.log(line)
}
