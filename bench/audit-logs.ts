import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { AskedRecord, IssuedRecord } from '../src/issuance/issuance-record.ts'

/** Logs as Vault 1.21 and Padlock write them, of a number of signing calls. */
export interface MadeLogs {
  auditLog: string
  issuanceLog: string
  /** entries of the audit log, and tokens in the issuance log */
  entries: number
  tokens: number
  /** of one of the tokens */
  auditId: string
}

const salt = randomBytes(32)
const hmac = (text: string) => `hmac-sha256:${createHmac('sha256', salt).update(text).digest('hex')}`
const [tokenHash, accessorHash, emptyHash] = [hmac('token'), hmac('accessor'), hmac('')]
const [one, jws, pkcs] = [hmac('1'), hmac('jws'), hmac('pkcs1v15')]
const key = 'padlock-default'

const auth = {
  accessor: accessorHash,
  client_token: tokenHash,
  display_name: 'approle',
  entity_id: randomUUID(),
  metadata: { role_name: 'padlock' },
  policies: ['padlock-signer'],
  policy_results: {
    allowed: true,
    granting_policies: [{ name: 'padlock-signer', namespace_id: 'root', type: 'acl' }],
  },
  token_policies: ['padlock-signer'],
  token_issue_time: '2026-01-01T00:00:00Z',
  token_ttl: 3600,
  token_type: 'service',
}

function requestOf(correlationId: string, inputs: readonly string[]) {
  return {
    client_id: auth.entity_id,
    client_token: tokenHash,
    client_token_accessor: accessorHash,
    data: {
      batch_input: inputs.map((input) => ({ input, reference: one })),
      ...{ key_version: one, marshaling_algorithm: jws, prehashed: true, signature_algorithm: pkcs },
    },
    headers: { 'x-correlation-id': [correlationId] },
    id: randomUUID(),
    ...{ mount_accessor: 'transit_1', mount_class: 'secret', mount_point: 'transit/', mount_type: 'transit' },
    mount_running_version: 'v1.21.2+builtin.vault',
    namespace: { id: 'root' },
    operation: 'update',
    path: `transit/sign/${key}/sha2-256`,
    ...{ remote_address: '10.0.0.1', remote_port: 40_000 },
  }
}

async function write(stream: WriteStream, record: object): Promise<void> {
  if (!stream.write(`${JSON.stringify(record)}\n`)) {
    await new Promise<void>((resolve) => stream.once('drain', resolve))
  }
}

/** Writes logs of calls with one to three tokens each, one call in a millisecond. @param start of the first one */
export async function makeLogs(folder: string, calls: number, start: number): Promise<MadeLogs> {
  const [auditLog, issuanceLog] = [`${folder}/audit.log`, `${folder}/issuance.log`]
  const [audit, issuance] = [createWriteStream(auditLog), createWriteStream(issuanceLog)]
  let [tokens, auditId] = [0, '']
  for (let call = 0; call < calls; call++) {
    const time = new Date(start + call).toISOString()
    const correlationId = randomUUID()
    const digests = Array.from({ length: 1 + (call % 3) }, () => randomBytes(32))
    const auditIds = digests.map((digest) => digest.toString('base64url'))
    const common = { time, key, keyVersion: 1, correlationId, instance: 'bench-1' }
    await write(issuance, { event: 'asked', ...common, auditIds } satisfies AskedRecord)
    const request = requestOf(
      correlationId,
      digests.map((digest) => hmac(digest.toString('base64'))),
    )
    await write(audit, { auth, request, time, type: 'request' })
    const results = digests.map(() => ({
      ...{ signature: hmac(randomUUID()), key_version: 1, error: emptyHash, reference: one },
    }))
    await write(audit, {
      auth,
      request,
      response: { data: { batch_results: results } },
      time,
      type: 'response',
    })
    for (auditId of auditIds) {
      const whose = { profile: 'default', sub: 'shop-backend', requestId: randomUUID() }
      const subject = { subject: randomBytes(32).toString('base64url'), subjectKey: 1 }
      await write(issuance, {
        event: 'issued',
        ...common,
        ...whose,
        ...subject,
        auditId,
      } satisfies IssuedRecord)
      tokens += 1
    }
  }
  audit.end()
  issuance.end()
  await Promise.all([finished(audit), finished(issuance)])
  return { auditLog, issuanceLog, entries: calls * 2, tokens, auditId }
}
