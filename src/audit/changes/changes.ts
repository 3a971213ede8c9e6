import type { Finding, FindingKind } from '../findings.ts'
import { type AuditEntry, type AuditToken, identityText, nobody } from '../trail/vault-entry.ts'
import type { ChangeRules } from './change-rules.ts'
import type { SigningPower, StrangersToken } from './signing-power.ts'

/** Something that was changed, or tried. */
export interface Change {
  kind: FindingKind
  requestId: string
  entry: AuditEntry
  /** `refused` by Vault; `unanswered`: no log has the answer */
  outcome: 'done' | 'refused' | 'unanswered'
  /** the token that was given out */
  given?: AuditToken
  /** given out wrapped: what it can do is not in the log, unless it was unwrapped by the usual way */
  wrapped?: boolean
}

const renewal = /^auth\/token\/renew/

/** Watches an audit log for whatever changes who can sign, and what is on record of it. */
export class ChangeWatch {
  readonly #rules: ChangeRules
  readonly #power: SigningPower
  readonly #changes = new Map<string, Change>()
  /** accessors of wrapped tokens whose policies an unwrapping showed */
  readonly #unwrapped = new Set<string>()

  constructor(rules: ChangeRules, power: SigningPower) {
    this.#rules = rules
    this.#power = power
  }

  look(entry: AuditEntry): void {
    const { requestId, type, failed, path, by, given } = entry
    // Vault's own, when it tries a device that is being enabled.
    if (path === 'sys/audit/test' && by.displayName === nobody) {
      return
    }
    if (given?.accessor !== undefined && path === 'sys/wrapping/unwrap') {
      this.#unwrapped.add(given.accessor)
    }
    this.#lookAtTokens(entry)
    const kind = this.#rules.kindOf(entry)
    if (kind === undefined || (type === 'request' && this.#changes.has(requestId))) {
      return
    }
    const outcome = type === 'request' ? 'unanswered' : failed ? 'refused' : 'done'
    this.#changes.set(requestId, { kind, requestId, entry, outcome })
  }

  /** In the order of time. */
  changes(): Change[] {
    return [...this.#changes.values()]
      .filter(({ wrapped, entry }) => !wrapped || !this.#unwrapped.has(entry.wrappedAccessor as string))
      .sort((a, b) => a.entry.time - b.entry.time)
  }

  #lookAtTokens(entry: AuditEntry): void {
    const { requestId, path, failed, wrappedAccessor } = entry
    const given = failed ? undefined : this.#power.given(entry)
    // To renew a token gives nobody a new one; its use is reported separately.
    if (given !== undefined && !renewal.test(path)) {
      this.#changes.set(requestId, { kind: 'signer_token_made', requestId, entry, outcome: 'done', given })
    } else if (
      wrappedAccessor !== undefined &&
      entry.given === undefined &&
      path.startsWith('auth/token/create')
    ) {
      this.#changes.set(requestId, {
        kind: 'signer_token_made',
        requestId,
        entry,
        outcome: 'done',
        wrapped: true,
      })
    }
    this.#power.look(entry)
  }
}

/** A change as a finding. */
export function changeFinding({ kind, entry, outcome, given, wrapped }: Change): Finding {
  const { time, by, operation, path, requestId } = entry
  const end =
    outcome === 'refused'
      ? ', refused'
      : outcome === 'unanswered'
        ? ', and no log has the answer'
        : given !== undefined
          ? ` gave a token to ${identityText(given)}, with the policies ${[...new Set(given.policies)].join(', ')}`
          : wrapped
            ? ' gave a wrapped token, whose policies are in no log'
            : ''
  return {
    ...{ kind, time: new Date(time).toISOString(), by: identityText(by), requestId },
    detail: `${identityText(by)}: ${operation} ${path}${end}.`,
  }
}

/** The use of a stranger's token as a finding. */
export function strangerFinding({ entry, token, times }: StrangersToken): Finding {
  const by = identityText(token)
  const often = times === 1 ? 'once' : `${times} times`
  return {
    ...{
      kind: 'signer_token_used',
      time: new Date(entry.time).toISOString(),
      by,
      requestId: entry.requestId,
    },
    detail: `${by}, which is no login of the service, used a token that can sign ${often}, first for ${entry.operation} ${entry.path}.`,
  }
}
