/** One thing that the set-up sees to. */
export interface Step {
  /** what kind of thing: `signing key`, `policy`, … */
  kind: string
  /** its name or path in Vault, or a file's */
  name: string
  state: 'unchanged' | 'create' | 'update' | 'remove'
  /** what it is, or what changes */
  detail: string
  /** what the operator should know beside it */
  notes?: string[]
  /** makes the change; there is none for a step that is `unchanged` */
  apply?: () => Promise<void>
}

/** A step that leaves things as they are. */
export function unchanged(kind: string, name: string, detail: string, notes: string[] = []): Step {
  return { kind, name, state: 'unchanged', detail, notes }
}
