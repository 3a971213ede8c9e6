import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePrograms } from '../programs.ts'
import { enginePrograms } from './programs.ts'
import { inSandbox, whyNoSandbox } from './sandbox.ts'

/**
 * Runs a program beside a container engine of its own: one of Debian's, in a sandbox, with stand-ins of the base images.
 * Nothing of it is left when the program has ended.
 *
 * @param program path of a TypeScript file, which finds the engine by `DOCKER_HOST`
 * @param signal ends it and all that it started
 * @returns its exit code; or why this machine has no engine for it, in one sentence without its full stop
 */
export async function onOwnEngine(program: string, signal: AbortSignal): Promise<number | string> {
  const reason = await whyNoSandbox()
  if (reason !== undefined) {
    return reason
  }
  const more = { iptables: 'iptables', prometheus: 'prometheus' }
  await ensurePrograms('The container engine', more, console.log)
  const programs = await enginePrograms(console.log).catch((error: Error) => error)
  if (programs instanceof Error) {
    return `no container engine could be got out of Debian's packages (${programs.message.trim().split('\n').at(-1)})`
  }
  const work = await mkdtemp(join(tmpdir(), 'padlock-engine-'))
  try {
    const inside = [process.execPath, join(import.meta.dirname, 'inside.ts'), work, programs.base, program]
    return await inSandbox(inside, programs.engine, signal)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
