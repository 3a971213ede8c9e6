/** What each kind of finding means; docs/audit.md says what to do about it. */
export const findingKinds = {
  unexplained_signature: 'Vault signed, and Padlock did not ask for it',
  issuance_without_signature: 'Padlock issued a token, and no signature is in the audit log',
  batch_differs: 'both logs know the call, and do not agree on what was signed in it',
  probe_differs: "it calls itself a probe of Padlock's, and is none",
  foreign_log: 'calls in this log can be proved by no audit device of this Vault',
  lines_lost: 'the issuance log says that lines of it were lost',
  lines_unreadable: 'lines of a log cannot be read',
  log_unusable: 'nothing of what was expected is in a log',
  log_gap: 'a log does not cover the interval',
  key_exported: 'a signing key was taken out of Vault',
  key_imported: 'a signing key was brought in from outside',
  key_rotated: 'a signing key got a new version',
  key_created: 'a signing key was made, or asked for again',
  key_deleted: 'a signing key was deleted',
  key_config_changed: 'the configuration of a signing key was changed',
  key_used_otherwise: 'a signing key was used for something else than a token',
  policy_changed: 'a policy was changed',
  login_changed: 'a login, its role or its user was changed, or a secret_id was made or destroyed',
  identity_changed: 'an entity, an alias or a group was changed: policies come with them',
  signer_token_made: 'a token that can sign was given to somebody else than the service',
  signer_token_used: "a token that can sign, and is not the service's, was used",
  mount_changed: 'an engine, a login method, a plugin or a namespace was changed',
  audit_device_changed: 'an audit device, or what it logs, was changed',
  profile_changed: 'a profile was changed',
  subject_key_changed: "the key of the visitors' pseudonyms was changed",
  root_access: "somebody worked on Vault's own foundations",
} as const

export type FindingKind = keyof typeof findingKinds

const others: Record<'signatures' | 'logs' | 'tokens', FindingKind[]> = {
  signatures: ['unexplained_signature', 'issuance_without_signature', 'batch_differs', 'probe_differs'],
  logs: ['foreign_log', 'lines_lost', 'lines_unreadable', 'log_unusable', 'log_gap'],
  tokens: ['signer_token_made', 'signer_token_used'],
}

/** Findings about signatures, the logs themselves, tokens that can sign, and changes, which alone can be planned. */
export const findingGroups: Record<keyof typeof others | 'changes', readonly FindingKind[]> = {
  ...others,
  changes: (Object.keys(findingKinds) as FindingKind[]).filter(
    (kind) => !Object.values(others).flat().includes(kind),
  ),
}

/** Something that somebody should look at. */
export interface Finding {
  kind: FindingKind
  /** RFC 3339, UTC; null for one of a whole log */
  time: string | null
  /** one sentence */
  detail: string
  /** what else is known */
  by?: string
  correlationId?: string
  requestId?: string
  key?: string
  file?: string
  /** signatures that nothing explains, and tokens without a signature */
  unexplained?: number
  unsigned?: number
  auditIds?: string[]
}

/** Findings of one kind that are kept; more are counted. */
const mostKept = 1_000

/** Findings, within bounds of memory. */
export class Findings {
  readonly kept: Finding[] = []
  /** how many there are of each kind */
  readonly counts: Partial<Record<FindingKind, number>> = {}

  add(finding: Finding): void {
    const count = (this.counts[finding.kind] ?? 0) + 1
    this.counts[finding.kind] = count
    if (count <= mostKept) {
      this.kept.push(finding)
    }
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0)
  }

  /** In the order of time, those of a whole log first. */
  sorted(): Finding[] {
    return this.kept.sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
  }
}
