import { execFile } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../dev/free-port.ts'
import { startPadlock } from '../../dev/padlock-process.ts'
import { checkTokens } from './check-tokens.ts'
import type { Cleanup, Ground, Target } from './target.ts'

const root = join(import.meta.dirname, '../..')
const path = '/v1/profiles/bench/tokens'

/** One caller makes all the load: what limits a caller would be what is measured. */
const limitsOff = { PADLOCK_RATE_LIMIT_PER_SECOND: '0', PADLOCK_REFUSALS_PER_MINUTE: '0' }

let built: Promise<unknown> | undefined

/** Builds the package's program, as users run it, once in a run. @returns the path of the file that Node begins with */
export async function packagedProgram(): Promise<string> {
  built ??= promisify(execFile)(process.execPath, ['tools/package/bundle.ts'], { cwd: root })
  await built
  return join(root, 'dist/lib/main.js')
}

/**
 * Starts Padlock's packaged program as a process of its own, as it comes but for what limits a caller.
 *
 * @param env variables beside those
 */
export async function padlock(
  t: Cleanup,
  { backend, caller, publicKeyPem }: Ground,
  name: 'Padlock' | 'Padlock, no batches',
  env: Record<string, string> = {},
): Promise<Target> {
  const { vault, recipientKey } = backend
  const port = await freePort(0, '127.0.0.1')
  const whole = { PATH: process.env.PATH, ...backend.env, PADLOCK_PORT: String(port), ...limitsOff, ...env }
  const started = await startPadlock(await packagedProgram(), whole, port, join(vault.dir, `${port}.log`))
  t.teardown(() => started.stop())
  const publicKey = createPublicKey(publicKeyPem)
  return {
    ...{ name, url: started.url, script: 'token.lua', perRequest: 1 },
    ...{ pid: started.pid, vaultPid: vault.pid },
    env: { BENCH_LOAD: join(import.meta.dirname, '../load'), BENCH_TOKEN: caller, BENCH_PATH: path },
    check: () => checkTokens(started.url + path, caller, recipientKey, publicKey),
  }
}
