import { open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** The dev Vault, as its owner sees it. */
export interface AuditedVault {
  address: string
  rootToken: string
  /** path of the file of audit device `file` */
  auditLog: string
}

/** What Vault's audit log says of one signature. */
export interface AuditEntry {
  /** what `sys/audit-hash` makes of the digest */
  hash: string
  entry: Record<string, unknown>
}

/** Where an entry of a moment ago is, however long the log. */
const tailBytes = 4 * 1024 * 1024
const attempts = 20
const betweenMs = 50

/** What Vault's audit log has in place of a value (Vault API, `sys/audit-hash`). */
async function auditHash({ address, rootToken }: AuditedVault, input: string): Promise<string> {
  const answer = await fetch(`${address}/v1/sys/audit-hash/file`, {
    method: 'POST',
    headers: { 'X-Vault-Token': rootToken },
    body: JSON.stringify({ input }),
    signal: AbortSignal.timeout(5_000),
  })
  if (!answer.ok) {
    throw new Error(`sys/audit-hash answered ${answer.status}.`)
  }
  return ((await answer.json()) as { data: { hash: string } }).data.hash
}

async function lastLines(file: string): Promise<string[]> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const position = Math.max(0, size - tailBytes)
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(size - position),
      0,
      size - position,
      position,
    )
    return buffer.toString('utf8', 0, bytesRead).split('\n')
  } finally {
    await handle.close()
  }
}

interface LoggedRequest {
  time: string
  type: string
  auth?: { display_name?: string; metadata?: unknown; policies?: unknown }
  request: {
    id: string
    operation: string
    path: string
    headers?: unknown
    data?: { batch_input?: { input: string }[] }
  }
}

/** The part of an entry that says who signed what with which key; of a batch, this signature alone. */
function excerpt({ time, type, auth, request }: LoggedRequest, hash: string): Record<string, unknown> {
  const { id, operation, path, headers, data } = request
  const batch = data?.batch_input
  const own = batch && { ...data, batch_input: batch.filter(({ input }) => input === hash) }
  const { display_name, metadata, policies } = auth ?? {}
  return {
    time,
    type,
    auth: { display_name, metadata, policies },
    request: { id, operation, path, headers, data: own ?? data },
  }
}

/**
 * Finds the request that signed a digest in Vault's audit log. Development only: it reads the log's last 4 MiB.
 *
 * @param digest SHA-256 of the signing input
 * @returns undefined where the log does not have it
 */
export async function findAuditEntry(vault: AuditedVault, digest: Buffer): Promise<AuditEntry | undefined> {
  const hash = await auditHash(vault, digest.toString('base64'))
  // Vault writes the entry before it answers, but the file may be seen a moment later.
  for (let attempt = 0; attempt < attempts; attempt++) {
    const lines = await lastLines(vault.auditLog)
    for (const line of lines.toReversed()) {
      if (!line.includes(hash) || !line.includes('"type":"request"')) {
        continue
      }
      const entry = JSON.parse(line) as LoggedRequest
      // The call above is in the log as well, with the same hash.
      if (entry.request.path.includes('/sign/')) {
        return { hash, entry: excerpt(entry, hash) }
      }
    }
    await delay(betweenMs)
  }
  return undefined
}
