import { isIssuanceRecord } from '../../issuance/issuance-record.ts'
import { auditEntry } from './vault-entry.ts'

/** Times are milliseconds since the epoch. */
export type EntryTime = (line: Buffer) => number | undefined

const msOf = (time: string | undefined) => {
  const ms = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(ms) ? undefined : ms
}

const time = '"time":"(\\d{4}-\\d\\d-\\d\\dT[^"]{5,30})"'
const type = '"type":"re(?:quest|sponse)"'
const auditHead = new RegExp(`^\\{${time},${type},`)
const auditTail = new RegExp(`,${time},${type}\\}\\s*$`)
const issuanceHead = new RegExp(`^\\{"event":"[a-z]+",${time},`)
const brace = 0x7b
const requestMark = Buffer.from('"request":{')

function json(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString())
  } catch {
    return undefined
  }
}

const endsAsJson = (line: Buffer) =>
  line
    .toString('latin1', line.length - 2)
    .trimEnd()
    .endsWith('}')
const head = (line: Buffer) => line.toString('latin1', 0, 100)

/** When an entry of Vault's audit log was made; undefined for any other line, or one that is cut. */
export function auditTime(line: Buffer): number | undefined {
  if (line[0] === brace && line.indexOf(requestMark) !== -1 && endsAsJson(line)) {
    // Vault sorts the fields, and OpenBao and older Vaults begin with these; what else wrote it is read in full.
    const tail = line.toString('latin1', Math.max(0, line.length - 100))
    const found = auditTail.exec(tail) ?? auditHead.exec(head(line))
    if (found !== null) {
      return msOf(found[1])
    }
  }
  return auditEntry(json(line))?.time
}

/** When a line of the issuance log was written; undefined for any other line, or one that is cut. */
export function issuanceTime(line: Buffer): number | undefined {
  const found = endsAsJson(line) ? issuanceHead.exec(head(line)) : null
  if (found !== null) {
    return msOf(found[1])
  }
  const value = json(line)
  return isIssuanceRecord(value) ? msOf(value.time) : undefined
}
