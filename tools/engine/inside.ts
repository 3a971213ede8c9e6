import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findVaultBinary } from '../vault/vault-binary.ts'
import { makeBaseImages } from './base-images.ts'
import { startDaemon } from './daemon.ts'

// What tools/engine/own-engine.ts runs in a sandbox. Arguments: a folder to work in, the one of Debian's packages, and
// the program to run on the engine.
const [work, base, program] = process.argv.slice(2) as [string, string, string]
const read = (name: string) => readFile(join(import.meta.dirname, '../..', name), 'utf8')

const start = performance.now()
Object.assign(process.env, await startDaemon(work))
const { path: vault } = await findVaultBinary({ log: console.log })
const files = `${await read('Dockerfile')}\n${await read('docker-compose.yml')}`
await makeBaseImages({ base, work, vault }, files)
console.log(
  `The engine and stand-ins of the base images are up after ${Math.round((performance.now() - start) / 1000)} s.`,
)
await import(program)
// All else that runs in the sandbox ends with this process.
process.exit()
