import type { WatchedMounts } from '../changes/change-rules.ts'
import { auditTime } from '../trail/entry-time.ts'
import { type AuditEntry, auditEntry } from '../trail/vault-entry.ts'

/** Stands in every entry, near an end of it. */
const entryMark = /"type":\s?"re(quest|sponse)"|^\{"(auth|request)":\{|"client_token(_accessor)?":/

/** Begins as JSON and does not end as such. */
function isCut(text: string): boolean {
  if (!text.startsWith('{')) {
    return false
  }
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}

/** Tells the lines of Vault's audit log that matter here from the many that do not. */
export class AuditLines {
  readonly #mark: RegExp
  readonly #namespace: string

  /** @param policies a token that holds one of these is looked at whatever it is used for */
  constructor({ transit, kv }: WatchedMounts, policies: readonly string[], namespace: string) {
    const paths = `"path":\\s?"(${RegExp.escape(transit)}/|sys/|auth/|identity/|${RegExp.escape(kv)}/[^/]+/padlock/)`
    // Only a line with such a path, or such a policy, is parsed.
    this.#mark = new RegExp([paths, ...policies.map((policy) => `"${RegExp.escape(policy)}"`)].join('|'))
    this.#namespace = namespace
  }

  /** @returns undefined for a line of no interest, `broken` for one that seems to be an entry and cannot be read */
  entry(line: Buffer): AuditEntry | 'broken' | undefined {
    const text = line.toString()
    // Vault's own log may stand between the entries; what begins as an entry and is cut before its path may not.
    if (!this.#mark.test(text)) {
      const isWhole = auditTime(line) !== undefined && text.includes('"path":')
      return !isWhole && (entryMark.test(text) || isCut(text)) ? 'broken' : undefined
    }
    try {
      const entry = auditEntry(JSON.parse(text))
      if (entry === undefined) {
        return entryMark.test(text) ? 'broken' : undefined
      }
      return this.#isAtOrAbove(entry.namespace) ? entry : undefined
    } catch {
      return 'broken'
    }
  }

  /** A change of policies in a namespace above can open what is below. */
  #isAtOrAbove(namespace: string): boolean {
    return namespace === '' || `${this.#namespace}/`.startsWith(`${namespace}/`)
  }
}
