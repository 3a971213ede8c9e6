import { type Static, Type } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import { type FindingKind, findingGroups } from '../findings.ts'
import { identityText } from '../trail/vault-entry.ts'
import type { Change } from './changes.ts'

const filled = () => Type.String({ minLength: 1, maxLength: 1_000 })
const ChangeSchema = Type.Object(
  {
    kind: filled(),
    /** as in the finding: the display name, and the role where there is one */
    by: filled(),
    from: filled(),
    until: filled(),
    /** in Vault; with `*` at its end, all that begin so */
    path: Type.Optional(filled()),
    /** for people */
    reason: Type.Optional(filled()),
  },
  { additionalProperties: false },
)
const FileSchema = Type.Array(ChangeSchema, { maxItems: 10_000 })

/** A change that was planned. */
export type ExpectedChange = Static<typeof ChangeSchema>

/** A file of expected changes that cannot be used; the message is for the operator. */
export class ExpectedChangesError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ExpectedChangesError'
  }
}

const timePattern = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/** Not a number for a day that there is none of: `Date.parse` reads 30 February as 2 March. */
function msOf(text: string): number {
  const [, day] = timePattern.exec(text) ?? []
  const isDay = day !== undefined && new Date(Date.parse(day)).toJSON()?.startsWith(day)
  return isDay ? Date.parse(text) : Number.NaN
}

/**
 * Reads a file of expected changes: a JSON array of objects with `kind`, `by`, `from`, `until`, and, where wanted, `path`
 * and `reason`. Signatures, logins and the tokens that they give can never be expected.
 *
 * @throws ExpectedChangesError
 */
export function parseExpectedChanges(text: string): ExpectedChange[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ExpectedChangesError('is not JSON')
  }
  if (!Check(FileSchema, value)) {
    const [, [{ instancePath = '', message = '' } = {}]] = Errors(FileSchema, value)
    throw new ExpectedChangesError(
      `is not a list of expected changes: ${instancePath || 'the file'} ${message}`,
    )
  }
  for (const [i, { kind, from, until }] of value.entries()) {
    if (!findingGroups.changes.includes(kind as FindingKind)) {
      throw new ExpectedChangesError(`/${i}/kind can only be a change: ${findingGroups.changes.join(', ')}`)
    }
    if (Number.isNaN(msOf(from)) || Number.isNaN(msOf(until))) {
      throw new ExpectedChangesError(`/${i} needs times such as 2026-01-31T12:00:00Z in from and until`)
    }
    if (msOf(from) >= msOf(until)) {
      throw new ExpectedChangesError(`/${i}/from must be earlier than until`)
    }
  }
  return value
}

/** Changes that were planned, and which of them were seen. */
export class ExpectedChanges {
  readonly #expected: readonly ExpectedChange[]
  readonly #seen = new Set<ExpectedChange>()

  constructor(expected: readonly ExpectedChange[]) {
    this.#expected = expected
  }

  includes({ kind, entry }: Change): boolean {
    const found = this.#expected.find(
      (expected) =>
        expected.kind === kind &&
        expected.by === identityText(entry.by) &&
        entry.time >= msOf(expected.from) &&
        entry.time < msOf(expected.until) &&
        (expected.path === undefined ||
          (expected.path.endsWith('*')
            ? entry.path.startsWith(expected.path.slice(0, -1))
            : entry.path === expected.path)),
    )
    if (found !== undefined) {
      this.#seen.add(found)
    }
    return found !== undefined
  }

  /** Those of which nothing was seen. */
  unseen(): ExpectedChange[] {
    return this.#expected.filter((expected) => !this.#seen.has(expected))
  }
}
