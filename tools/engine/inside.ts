import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findVaultBinary } from '../vault/vault-binary.ts'
import { makeBaseImages } from './base-images.ts'
import { composeTests } from './compose-tests.ts'
import { startDaemon } from './daemon.ts'

// What tools/engine/test.ts runs in a sandbox. Arguments: a folder to work in, and the one of Debian's packages.
const [work, base] = process.argv.slice(2) as [string, string]
const read = (name: string) => readFile(join(import.meta.dirname, '../..', name), 'utf8')

const start = performance.now()
Object.assign(process.env, await startDaemon(work))
const { path: vault } = await findVaultBinary({ log: console.log })
const files = `${await read('Dockerfile')}\n${await read('docker-compose.yml')}`
await makeBaseImages({ base, work, vault }, files)
console.log(
  `The engine and stand-ins of the base images are up after ${Math.round((performance.now() - start) / 1000)} s.`,
)
await composeTests(new AbortController().signal)
// All else that runs in the sandbox ends with this process.
process.exit()
