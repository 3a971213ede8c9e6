import { untilInterrupted } from '../interruption.ts'
import { skipTests } from '../test/tap-run.ts'
import { composeTests } from './compose-tests.ts'
import { onOwnEngine } from './own-engine.ts'
import { runningEngine } from './running-engine.ts'

// Tests Dockerfile and docker-compose.yml on a real container engine: the one that runs here, or one of Debian's in a
// sandbox of its own. Where neither is to be had, it says why and counts as skipped.

const skip = (reason: string) =>
  skipTests(`the tests on a container engine: ${reason}.`, '.tap/summary-compose')

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
