import { findBuiltVault, findFetchedOpenBao } from './vault-binary.ts'

// Makes the pinned Vault, or OpenBao with the argument "openbao", or finds the one made earlier: its path goes to
// standard output, progress to standard error.
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort())
}

const find = process.argv[2] === 'openbao' ? findFetchedOpenBao : findBuiltVault
try {
  const { path } = await find({ log: (line) => console.error(line), signal: stop.signal })
  console.log(path)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
