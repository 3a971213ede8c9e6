import type { FindingKind } from '../findings.ts'
import type { AuditEntry } from '../trail/vault-entry.ts'

/** Where the things that are watched are in Vault; paths without slashes at their ends. */
export interface WatchedMounts {
  transit: string
  kv: string
}

interface Rule {
  kind: FindingKind
  path: RegExp
  /** operations that count; without it, all that write */
  operations?: readonly string[]
}

const at = (path: string) => new RegExp(`^${path}`)
const reads = new Set(['read', 'list', 'scan', 'help', 'header'])

/** Padlock's own engines. The first rule that a request meets is the one. */
function engineRules(mounts: WatchedMounts): Rule[] {
  const [transit, kv] = [RegExp.escape(mounts.transit), RegExp.escape(mounts.kv)]
  return [
    {
      kind: 'key_exported',
      path: at(`${transit}/(export/[^/]+/padlock-|backup/padlock-|byok-export/[^/]+/padlock-)`),
      operations: ['read', 'update', 'create'],
    },
    { kind: 'key_rotated', path: at(`${transit}/keys/padlock-[^/]+/rotate$`) },
    { kind: 'key_imported', path: at(`${transit}/(keys/padlock-[^/]+/import|restore(/|$))`) },
    {
      kind: 'key_config_changed',
      path: at(`${transit}/(keys/padlock-[^/]+/(config|trim|soft-delete-restore)$|config/)`),
    },
    { kind: 'key_deleted', path: at(`${transit}/keys/padlock-[^/]+/soft-delete$`) },
    { kind: 'key_deleted', path: at(`${transit}/keys/padlock-[^/]+$`), operations: ['delete'] },
    { kind: 'key_created', path: at(`${transit}/keys/padlock-[^/]+$`) },
    // Signatures are compared one by one, and verifying one changes nothing.
    { kind: 'key_used_otherwise', path: at(`${transit}/(?!sign/|verify/)([^/]+/)+padlock-`) },
    { kind: 'profile_changed', path: at(`${kv}/[^/]+/padlock/profiles/`) },
    { kind: 'subject_key_changed', path: at(`${kv}/[^/]+/padlock/audit/`) },
    { kind: 'mount_changed', path: at(`sys/mounts/(${transit}|${kv})(/|$)`) },
  ]
}

/**
 * Vault's own paths. What is known to be harmless is left out by name, and every other write is a change: so a way to
 * sign that a later Vault brings, or that nobody thought of, is a finding and not a gap.
 */
const foundationRules: Rule[] = [
  { kind: 'policy_changed', path: /^sys\/(policies\/(?!password\/)|policy\/)/ },
  { kind: 'audit_device_changed', path: /^sys\/(audit|config\/auditing)\// },
  { kind: 'mount_changed', path: /^sys\/(auth|mounts\/auth|remount|plugins|namespaces)(\/|$)/ },
  { kind: 'identity_changed', path: /^identity\/(?!lookup\/|oidc\/)/ },
  {
    kind: 'root_access',
    path: /^sys\/(generate-root|raw|rotate\/root)(-|\/|$)/,
    operations: ['read', 'list'],
  },
  { kind: 'root_access', path: /^sys\// },
]

/** Writes to `sys/` that change neither who can sign nor what is on record. */
const harmlessSystemWrites = at(
  'sys/(audit-hash/|capabilities|config/(cors|ui)|health|internal/|leases/|loggers|mfa/validate$|mounts/|' +
    'policies/password/|pprof|quotas/|renew|revoke|rotate$|rotate/config$|seal$|step-down$|tools/|unseal$|wrapping/)',
)
/** Of `sys/mounts/`, which else is other teams' engines. */
const watchedMount = /^sys\/mounts\/auth\//

/** Writes of the token method that give or change no right; what `create` gives is judged by its policies. */
const harmlessTokenWrites = /^(create(-orphan)?|create\/[^/]+|lookup|renew|revoke|tidy)([-/]|$)/
/** Logins are judged by what they give; the rest looks something up, or clears away what has expired. */
const harmlessAuthWrites =
  /^(login(\/|$)|oidc\/(auth_url|callback|poll)(\/|$)|role\/[^/]+\/secret-id(-accessor)?\/lookup$|tidy(\/|$))/

/** What a request below `auth/` is, without its mount: in the log of an old Vault, a mount is taken to be one name. */
function authWrite({ path, mountPoint }: AuditEntry): { mount: string; rest: string } {
  const mount =
    mountPoint !== undefined && path.startsWith(mountPoint)
      ? mountPoint
      : (/^auth\/[^/]+\//.exec(path)?.[0] ?? path)
  return { mount, rest: path.slice(mount.length) }
}

/** Whether a request is a login, and on which mount: without `auth/` and without slashes at its ends. */
export function loginMount(entry: AuditEntry): string | undefined {
  if (!entry.path.startsWith('auth/')) {
    return undefined
  }
  const { mount, rest } = authWrite(entry)
  return /^(login|oidc\/callback)(\/|$)/.test(rest) ? mount.replace(/^auth\/|\/$/g, '') : undefined
}

/** Tells requests that change who can sign, or what is on record of it, from all others. */
export class ChangeRules {
  readonly #engines: Rule[]
  readonly #namespace: string

  /** @param namespace Padlock's own; in those above it, only Vault's own paths count */
  constructor(mounts: WatchedMounts, namespace: string) {
    this.#engines = engineRules(mounts)
    this.#namespace = namespace
  }

  kindOf(entry: AuditEntry): FindingKind | undefined {
    const { path, operation, namespace } = entry
    const writes = !reads.has(operation)
    const meets = (rule: Rule) =>
      rule.path.test(path) && (rule.operations === undefined ? writes : rule.operations.includes(operation))
    const own = namespace === this.#namespace ? this.#engines.find(meets) : undefined
    if (own !== undefined) {
      return own.kind
    }
    if (path.startsWith('auth/')) {
      const { mount, rest } = authWrite(entry)
      const harmless = mount === 'auth/token/' ? harmlessTokenWrites : harmlessAuthWrites
      return writes && !harmless.test(rest) ? 'login_changed' : undefined
    }
    if (harmlessSystemWrites.test(path) && !watchedMount.test(path)) {
      return undefined
    }
    return foundationRules.find(meets)?.kind
  }
}
