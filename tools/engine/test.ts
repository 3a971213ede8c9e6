import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { composeTests } from './compose-tests.ts'
import { onOwnEngine, untilInterrupted } from './own-engine.ts'
import { runningEngine } from './running-engine.ts'

// Tests Dockerfile and docker-compose.yml on a real container engine: the one that runs here, or one of Debian's in a
// sandbox of its own. Where neither is to be had, it says why and counts as skipped.

const root = join(import.meta.dirname, '../..')

function skip(reason: string): void {
  console.log(`skipped the tests on a container engine: ${reason}.`)
  mkdirSync(join(root, '.tap'), { recursive: true })
  writeFileSync(join(root, '.tap/summary-compose'), '0 passed, 0 failed, 1 skipped\n')
  console.log('0 passed, 0 failed, 1 skipped')
}

const signal = untilInterrupted()
const engine = await runningEngine()
if (engine === undefined) {
  const ended = await onOwnEngine(import.meta.filename, signal)
  if (typeof ended === 'string') {
    skip(ended)
  } else {
    process.exitCode = ended
  }
} else if (engine.reason !== undefined) {
  skip(engine.reason)
} else {
  console.log(`Tests run on a container engine, ${engine.version}.`)
  await composeTests(signal)
}
