import { ensurePrograms, type Programs } from '../tools/programs.ts'
import { findVaultBinary } from '../tools/vault/vault-binary.ts'
import type { Cleanup } from './targets/target.ts'

/** The load generator and what binds processes to cores, with the Debian packages that bring them. */
const programs = { wrk: 'wrk', taskset: 'util-linux' }

/**
 * Runs a benchmark and ends what it has started, also when it fails or is stopped; then this process ends.
 *
 * @param work gives the exit code; it receives the version of the Vault that is measured
 * @param more programs that it needs
 */
export async function runBench(
  log: (line: string) => void,
  work: (cleanup: Cleanup, vault: string) => Promise<number>,
  more: Programs = {},
): Promise<never> {
  const ends: (() => unknown)[] = []
  const end = async (code: number): Promise<never> => {
    for (let one = ends.pop(); one !== undefined; one = ends.pop()) {
      await one()
    }
    process.exit(code)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => void end(1))
  }
  try {
    await ensurePrograms('The benchmarks', { ...programs, ...more }, log)
    const vault = await findVaultBinary({ log })
    process.env.VAULT_BIN = vault.path
    return await end(await work({ teardown: (one) => void ends.push(one) }, vault.version))
  } catch (error) {
    console.error((error as Error).message)
    return end(1)
  }
}
