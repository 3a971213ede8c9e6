import { findBuiltVault } from '../../src/dev/vault-binary.ts'

// Builds the pinned Vault, or finds the one built earlier: its path goes to standard output, progress to standard error.
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())

try {
  const vault = await findBuiltVault({ log: (line) => console.error(line), signal: stop.signal })
  console.log(vault.path)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
