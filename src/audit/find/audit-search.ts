import { type AuditEntry, type AuditIdentity, auditEntry, signingRequest } from '../trail/vault-entry.ts'

/** A call to Vault that asked for the signature that was looked for. */
export interface FoundSignature {
  /** RFC 3339, UTC: of Vault's answer, or of the request where there is none */
  time: string
  requestId: string
  correlationId: string | null
  by: AuditIdentity
  key: string
  /** null where Vault did not sign */
  keyVersion: number | null
  /** `signed`, `refused` by Vault, or `unanswered`: the log has no answer to this request */
  outcome: 'signed' | 'refused' | 'unanswered'
  /** false where the same bytes were signed otherwise than for a token */
  isRs256: boolean
  /** signatures asked for in the call, and how many of them are the one that was looked for */
  items: number
  matching: number
  /** the audit device by whose salt it was found; null where the value stands in clear */
  device: string | null
  file: string
}

const signMark = Buffer.from('/sign/')

function parsed(line: Buffer): AuditEntry | undefined {
  try {
    return auditEntry(JSON.parse(line.toString()))
  } catch {
    return undefined
  }
}

/** Finds the calls that asked for one signature, in logs of several devices. */
export class AuditSearch {
  readonly #needles: { text: string; bytes: Buffer; device: string | null }[]
  readonly #mount: string
  readonly #found = new Map<string, FoundSignature>()

  /**
   * @param hashes what the digest stands as in the log of each device
   * @param clear what it stands as where nothing is hashed
   */
  constructor(hashes: ReadonlyMap<string, string>, clear: string, mount: string) {
    const needle = (text: string, device: string | null) => ({ text, bytes: Buffer.from(text), device })
    this.#needles = [...Array.from(hashes, ([device, hash]) => needle(hash, device)), needle(clear, null)]
    this.#mount = mount
  }

  /** Looks at one line. */
  look(line: Buffer, file: string): void {
    for (const needle of this.#needles) {
      if (line.indexOf(needle.bytes) !== -1 && line.indexOf(signMark) !== -1) {
        this.#match(line, file, needle)
      }
    }
  }

  /** In the order of time. */
  found(): FoundSignature[] {
    return [...this.#found.values()].sort((a, b) => (a.time < b.time ? -1 : 1))
  }

  #match(line: Buffer, file: string, { text, device }: { text: string; device: string | null }): void {
    const entry = parsed(line)
    const request = entry && signingRequest(entry, this.#mount)
    if (entry === undefined || request === undefined) {
      return
    }
    const items = request.items.filter(({ input }) => input === text)
    if (items.length === 0) {
      return
    }
    // One call has an entry for its request and one for the answer, in the log of each device.
    const before = this.#found.get(entry.requestId)
    if (before !== undefined && (before.outcome !== 'unanswered' || entry.type === 'request')) {
      return
    }
    const signed = items.filter(({ keyVersion }) => keyVersion > 0)
    this.#found.set(entry.requestId, {
      time: new Date(entry.time).toISOString(),
      requestId: entry.requestId,
      correlationId: entry.correlationId ?? null,
      by: entry.by,
      key: request.key,
      keyVersion: signed[0]?.keyVersion ?? null,
      outcome: entry.type === 'request' ? 'unanswered' : signed.length > 0 ? 'signed' : 'refused',
      isRs256: request.isRs256,
      items: request.items.length,
      matching: items.length,
      ...{ device, file },
    })
  }
}
