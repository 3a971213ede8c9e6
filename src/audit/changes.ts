import { type AuditEntry, identityText, nobody } from '../vault/audit-log.ts'
import type { Finding, FindingKind } from './findings.ts'

/** Where the things that are watched are in Vault; paths without slashes at their ends. */
export interface WatchedMounts {
  transit: string
  kv: string
  /** of the service's AppRole, without `auth/` */
  appRole: string
}

interface Rule {
  kind: FindingKind
  path: RegExp
  /** operations that count; without it, all but `read` and `list` */
  operations?: readonly string[]
}

const escaped = (path: string) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The first rule that a request meets is the one. */
function rulesFor(mounts: WatchedMounts): Rule[] {
  const [transit, kv, appRole] = [mounts.transit, mounts.kv, mounts.appRole].map(escaped)
  const at = (path: string) => new RegExp(`^${path}`)
  return [
    {
      kind: 'key_exported',
      path: at(`${transit}/(export/[^/]+/padlock-|backup/padlock-|byok-export/[^/]+/padlock-)`),
      operations: ['read', 'update', 'create'],
    },
    { kind: 'key_rotated', path: at(`${transit}/keys/padlock-[^/]+/rotate$`) },
    { kind: 'key_imported', path: at(`${transit}/(keys/padlock-[^/]+/import|restore(/|$))`) },
    { kind: 'key_config_changed', path: at(`${transit}/keys/padlock-[^/]+/(config|trim)$`) },
    { kind: 'key_deleted', path: at(`${transit}/keys/padlock-[^/]+/soft-delete`) },
    { kind: 'key_deleted', path: at(`${transit}/keys/padlock-[^/]+$`), operations: ['delete'] },
    { kind: 'key_created', path: at(`${transit}/keys/padlock-[^/]+$`) },
    { kind: 'key_used_otherwise', path: at(`${transit}/keys/padlock-[^/]+/`) },
    { kind: 'key_used_otherwise', path: at(`${transit}/(decrypt|hmac|rewrap)/padlock-`) },
    { kind: 'policy_changed', path: at('sys/(policies/acl|policy)/') },
    { kind: 'audit_device_changed', path: at('sys/(audit|config/auditing)/') },
    // Looking up what is known of a secret_id changes nothing.
    { kind: 'login_changed', path: at(`auth/${appRole}/role/(?!.*/secret-id(-accessor)?/lookup$)`) },
    { kind: 'mount_changed', path: at(`sys/(mounts|auth)/(auth/)?(${transit}|${kv}|${appRole})(/|$)`) },
    { kind: 'mount_changed', path: at('sys/remount') },
    { kind: 'profile_changed', path: at(`${kv}/[^/]+/padlock/profiles/`) },
    { kind: 'subject_key_changed', path: at(`${kv}/[^/]+/padlock/audit/subject-key$`) },
    { kind: 'root_access', path: at('sys/(generate-root|raw)(/|$)') },
  ]
}

/** Something that was changed, or tried. */
export interface Change {
  kind: FindingKind
  requestId: string
  entry: AuditEntry
  /** `refused` by Vault; `unanswered`: no log has the answer */
  outcome: 'done' | 'refused' | 'unanswered'
}

/** Watches an audit log for whatever changes who can sign, and what is on record of it. */
export class ChangeWatch {
  readonly #rules: Rule[]
  readonly #changes = new Map<string, Change>()

  constructor(mounts: WatchedMounts) {
    this.#rules = rulesFor(mounts)
  }

  look(entry: AuditEntry): void {
    const kind = this.#kindOf(entry)
    if (kind === undefined) return
    const { requestId, type, failed } = entry
    if (type === 'request' && this.#changes.has(requestId)) return
    const outcome = type === 'request' ? 'unanswered' : failed ? 'refused' : 'done'
    this.#changes.set(requestId, { kind, requestId, entry, outcome })
  }

  /** In the order of time. */
  changes(): Change[] {
    return [...this.#changes.values()].sort((a, b) => a.entry.time - b.entry.time)
  }

  #kindOf({ path, operation, givenPolicies, type, by }: AuditEntry): FindingKind | undefined {
    // Vault's own, when it tries a device that is being enabled.
    if (path === 'sys/audit/test' && by.displayName === nobody) return undefined
    if (path.startsWith('auth/token/create')) {
      return type === 'response' && givenPolicies.includes('padlock-signer') ? 'signer_token_made' : undefined
    }
    return this.#rules.find(
      (rule) =>
        rule.path.test(path) &&
        (rule.operations === undefined
          ? operation !== 'read' && operation !== 'list'
          : rule.operations.includes(operation)),
    )?.kind
  }
}

/** A change as a finding. */
export function changeFinding({ kind, entry, outcome }: Change): Finding {
  const { time, by, operation, path, requestId } = entry
  const end = outcome === 'done' ? '' : outcome === 'refused' ? ', refused' : ', and no log has the answer'
  return {
    ...{ kind, time: new Date(time).toISOString(), by: identityText(by), requestId },
    detail: `${identityText(by)}: ${operation} ${path}${end}.`,
  }
}
