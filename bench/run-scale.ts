import { findVaultBinary } from '../tools/vault/vault-binary.ts'
import { machine, readScale } from './results.ts'
import { scalePart, writeScaleReport } from './scale/report.ts'
import { measureScale } from './scale/scale.ts'
import { runBench } from './session.ts'

// `make bench-scale`: one, two and three nodes of a cluster of OpenBao, or of Vault with SERVER=vault.
process.env.PADLOCK_DEV_SERVER ||= 'openbao'
// Each process that is started listens for the end of this one, and there are fourteen.
process.setMaxListeners(20)
const log = (line: string) => console.log(line)

await runBench(
  log,
  async (cleanup, version) => {
    const { product } = await findVaultBinary()
    const cells = await measureScale(cleanup, log)
    const date = new Date().toISOString().slice(0, 10)
    const own = { date, machine: machine(), product, version, cells }
    // What the other server came to stays.
    const others = readScale().filter((one) => one.product !== product)
    writeScaleReport([own, ...others].toSorted((a, b) => a.product.localeCompare(b.product)))
    log(`${scalePart([own])}\n\nWritten: bench/scale.json, scale.svg and the part of docs/performance.md.`)
    return 0
  },
  { haproxy: 'haproxy' },
)
