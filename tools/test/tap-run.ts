import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { untilInterrupted } from '../interruption.ts'
import { ensurePrograms, type Programs } from '../programs.ts'
import { findVaultBinary } from '../vault/vault-binary.ts'
import { readResults, type Totals } from './results.ts'

const ROOT = join(import.meta.dirname, '../..')
const BIN = join(ROOT, 'node_modules/.bin')

/** A run of tap over some tests. */
export interface TestRun {
  /** test files, or folders of them; tap's own choice without any */
  files: string[]
  /** what the tests run for real, and the Debian packages that bring it */
  programs: Programs
  /** options of tap's */
  options?: string[]
  /** added to the tests' environment */
  env?: Record<string, string>
  /** gets what else the tests need, once the programs are there; what it returns is added to their environment */
  prepare?: (signal: AbortSignal) => Promise<Record<string, string>>
  /** keeps the last line, below the root, for a caller that has to repeat it after other output */
  summaryFile: string
}

/**
 * Runs tests with tap and ends with the line "N passed, N failed"; sets the exit code.
 *
 * @param beforeSummary prints what is to stand before that line
 */
export async function runTests(run: TestRun, beforeSummary = () => {}): Promise<void> {
  const summaryFile = join(ROOT, run.summaryFile)
  const stop = untilInterrupted()
  rmSync(summaryFile, { force: true })

  const { totals, parser } = readResults(console.log)
  try {
    const files = run.files.flatMap(testFiles)
    await ensurePrograms('The tests', run.programs, console.log)
    const prepared = await run.prepare?.(stop)
    const vault = await findVaultBinary({ log: console.log, signal: stop })
    console.log(`Tests run against ${vault.product} ${vault.version}.`)
    const tap = spawn(
      process.execPath,
      [join(BIN, 'tap'), '--reporter=tap', '--disable-coverage', ...(run.options ?? []), ...files],
      {
        cwd: ROOT,
        env: { ...testEnv(vault.path), ...run.env, ...prepared },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    // Its end is awaited, so that what it found until then is reported.
    stop.addEventListener('abort', () => tap.kill('SIGTERM'))
    tap.stdout.pipe(parser)
    const [code, signal] = await once(tap, 'close')
    if (stop.aborted) {
      throw new Error('Stopped before the end.')
    }
    // A tap that failed for a reason of its own must not look like success.
    if (code !== 0 && totals.passed > 0 && totals.failed === 0) {
      totals.failed++
      console.log(`\nFAILED tap itself: it ended with ${code ?? signal}`)
    }
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
  beforeSummary()
  summarize(totals, summaryFile)
}

/** Says why tests cannot run at all, and counts them as one that was skipped. */
export function skipTests(reason: string, summaryFile: string): void {
  console.log(`skipped ${reason}`)
  keepLine('0 passed, 0 failed, 1 skipped', join(ROOT, summaryFile))
}

function keepLine(line: string, summaryFile: string): void {
  mkdirSync(dirname(summaryFile), { recursive: true })
  writeFileSync(summaryFile, `${line}\n`)
  console.log(line)
}

/** The environment of the tests: this checkout's tools first, and nothing of the user's that a test could pick up. */
function testEnv(vaultBinary: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(VAULT|BAO|PADLOCK|MAKE)/.test(name))
  const path = [BIN, process.env.PATH].join(delimiter)
  return { ...Object.fromEntries(kept), ...npmEnv(), PATH: path, VAULT_BIN: vaultBinary }
}

/** On this checkout's Node, npm would look for its global configuration, which may name a CA, beside that Node. */
function npmEnv(): NodeJS.ProcessEnv {
  const { stdout, status } = spawnSync('npm', ['config', 'get', 'globalconfig'], { encoding: 'utf8' })
  return status === 0 ? { npm_config_globalconfig: stdout.trim() } : {}
}

function testFiles(argument: string): string[] {
  const found = statSync(argument, { throwIfNoEntry: false })?.isDirectory()
    ? globSync(`${argument}/**/*.test.ts`).sort()
    : globSync(argument)
  if (found.length === 0) {
    throw new Error(`There is no test at ${argument}: name a file or a folder under test/.`)
  }
  return found
}

function summarize({ passed, failed, skipped }: Totals, summaryFile: string): void {
  const counts = `${passed} passed, ${failed} failed`
  const line = skipped > 0 ? `${counts}, ${skipped} skipped` : counts
  if (passed === 0 || failed > 0) {
    process.exitCode = 1
  }
  if (passed + failed === 0) {
    console.log('No test ran.')
  }
  keepLine(line, summaryFile)
}
