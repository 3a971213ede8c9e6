import { type AuditEntry, auditEntry } from '../vault/audit-log.ts'
import type { WatchedMounts } from './changes.ts'

/** Tells the lines of Vault's audit log that matter here from the many that do not. */
export class AuditLines {
  readonly #mark: RegExp
  readonly #namespace: string

  constructor({ transit, kv }: WatchedMounts, namespace: string) {
    // Only a line with such a path is parsed.
    this.#mark = new RegExp(`"path":\\s?"(${transit}/|sys/|auth/|${kv}/[^/]+/padlock/)`)
    this.#namespace = namespace
  }

  /** @returns undefined for a line of no interest, `broken` for one that seems to be an entry and cannot be read */
  entry(line: Buffer): AuditEntry | 'broken' | undefined {
    const text = line.toString()
    if (!this.#mark.test(text)) return undefined
    try {
      const entry = auditEntry(JSON.parse(text))
      return entry?.namespace === this.#namespace ? entry : undefined
    } catch {
      return 'broken'
    }
  }
}
