import { readFile } from 'node:fs/promises'
import type { AskedRecord, IssuanceRecord, IssuedRecord } from '../../src/issuance/issuance-record.ts'
import { isIssuanceRecord } from '../../src/issuance/issuance-record.ts'
import { probeCorrelationPrefix } from '../../src/vault/signing/signing-probe.ts'

/** The lines of issuance logs, each of which must be whole. */
export async function issuanceRecords(...files: string[]): Promise<IssuanceRecord[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => {
      const record = JSON.parse(line)
      if (!isIssuanceRecord(record)) {
        throw new Error(`not a line of the issuance log: ${line}`)
      }
      return record
    })
}

export const issuedOf = (records: readonly IssuanceRecord[]): IssuedRecord[] =>
  records.filter((record) => record.event === 'issued')

export const askedOf = (records: readonly IssuanceRecord[]): AskedRecord[] =>
  records.filter((record) => record.event === 'asked')

/** An entry of Vault's audit log that tells of signatures: how many items were asked for, under which correlation id. */
export interface SigningCall {
  correlationId: string
  items: number
}

/** The signing calls that Vault answered without an error, without Padlock's probes. */
export async function signingCalls(auditLog: string): Promise<SigningCall[]> {
  return (await readFile(auditLog, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('transit/sign/') && line.includes('"type":"response"'))
    .map((line) => JSON.parse(line))
    .filter(({ error }) => error === undefined)
    .filter(({ request }) => !request.headers['x-correlation-id'][0].startsWith(probeCorrelationPrefix))
    .map(({ request }) => ({
      correlationId: request.headers['x-correlation-id'][0],
      items: request.data.batch_input.length,
    }))
}
