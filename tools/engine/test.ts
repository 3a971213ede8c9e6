import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePrograms } from '../programs.ts'
import { composeTests } from './compose-tests.ts'
import { enginePrograms } from './programs.ts'
import { runningEngine } from './running-engine.ts'
import { inSandbox, whyNoSandbox } from './sandbox.ts'

// Tests Dockerfile and docker-compose.yml on a real container engine: the one that runs here, or one of Debian's in a
// sandbox of its own. Where neither is to be had, it says why and counts as skipped.

const root = join(import.meta.dirname, '../..')
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stop.abort())
}

function skip(reason: string): void {
  console.log(`skipped the tests on a container engine: ${reason}.`)
  mkdirSync(join(root, '.tap'), { recursive: true })
  writeFileSync(join(root, '.tap/summary-compose'), '0 passed, 0 failed, 1 skipped\n')
  console.log('0 passed, 0 failed, 1 skipped')
}

/** Why the tests cannot run in a sandbox; undefined when they have run. */
async function testInSandbox(): Promise<string | undefined> {
  const reason = await whyNoSandbox()
  if (reason !== undefined) {
    return reason
  }
  await ensurePrograms(
    'The tests on an engine',
    { iptables: 'iptables', prometheus: 'prometheus' },
    console.log,
  )
  const programs = await enginePrograms(console.log).catch((error: Error) => error)
  if (programs instanceof Error) {
    return `no container engine could be got out of Debian's packages (${programs.message.trim().split('\n').at(-1)})`
  }
  const work = await mkdtemp(join(tmpdir(), 'padlock-engine-'))
  try {
    const inside = [process.execPath, join(import.meta.dirname, 'inside.ts'), work, programs.base]
    process.exitCode = await inSandbox(inside, programs.engine, stop.signal)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return undefined
}

const engine = await runningEngine()
if (engine === undefined) {
  const reason = await testInSandbox()
  if (reason !== undefined) {
    skip(reason)
  }
} else if (engine.reason !== undefined) {
  skip(engine.reason)
} else {
  console.log(`Tests run on the container engine that runs here, ${engine.version}.`)
  await composeTests(stop.signal)
}
