import { open, stat } from 'node:fs/promises'

/** The signing calls that reached Vault, by its own audit log. */
export interface SignCalls {
  /** all of them */
  made: number
  /** those that had to be: each with a correlation id of its own, which a call and its repetitions share */
  needed: number
  /** signatures asked for in all of them */
  signatures: number
}

interface Entry {
  type: string
  request: {
    path: string
    headers?: { 'x-correlation-id'?: string[] }
    data?: { batch_input?: unknown[] }
  }
}

/** The end of an audit log, in bytes: what comes later is behind it. */
export const endOf = async (auditLog: string): Promise<number> => (await stat(auditLog)).size

/** Counts the signing calls in an audit log from a byte on. */
export async function signCalls(auditLog: string, from: number): Promise<SignCalls> {
  const ids = new Set<string>()
  let made = 0
  let signatures = 0
  const file = await open(auditLog)
  for await (const line of file.readLines({ start: from })) {
    const { type, request } = JSON.parse(line) as Entry
    if (type !== 'request' || !request.path.includes('/sign/padlock-')) {
      continue
    }
    const id = request.headers?.['x-correlation-id']?.[0]
    if (id === undefined) {
      throw new Error('a signing call without a correlation id')
    }
    ids.add(id)
    made += 1
    signatures += request.data?.batch_input?.length ?? 0
  }
  return { made, needed: ids.size, signatures }
}
