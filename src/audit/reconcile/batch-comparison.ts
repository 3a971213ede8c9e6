import type { Batch, CallRecord } from './batch-records.ts'

/** Things that may be there more than once, with their numbers. */
export type Multiset = Map<string, number>

export const sumOf = (set: Multiset): number => set.values().reduce((sum, count) => sum + count, 0)

function countOf(items: readonly string[]): Multiset {
  const set: Multiset = new Map()
  for (const item of items) {
    set.set(item, (set.get(item) ?? 0) + 1)
  }
  return set
}

/** Of each thing the greatest number in any of the sets. */
function unionOf(sets: readonly Multiset[]): Multiset {
  const union: Multiset = new Map()
  for (const set of sets) {
    for (const [item, count] of set) {
      union.set(item, Math.max(union.get(item) ?? 0, count))
    }
  }
  return union
}

/** Signatures of one call, as they stand in the log. */
const signedIn = ({ items }: CallRecord) => items.filter(([, version]) => version > 0).map(([input]) => input)

/** What the two logs say of a batch, side by side. */
export interface BatchSides {
  /** what Padlock asked for, or issued, by auditId */
  wanted: Multiset
  issued: Multiset
  /** what Vault signed with the batch's key and version: a call that is made once more signs the same again */
  signed: Multiset
  /** signatures under this correlation id by another key, version or algorithm than Padlock asked for */
  otherwise: number
}

/** Looks at both sides of a batch that both logs know. */
export function sidesOf({ calls, asked, issued }: Batch): BatchSides {
  const { key, keyVersion } = asked[0] ?? (issued[0] as { key: string; keyVersion: number })
  const isWanted = (call: CallRecord) =>
    call.key === key &&
    call.isRs256 &&
    call.items.every(([, version]) => version === 0 || version === keyVersion)
  const issuedIds = countOf(issued.map(({ auditId }) => auditId))
  return {
    wanted: unionOf([countOf(asked.flatMap(({ auditIds }) => auditIds)), issuedIds]),
    issued: issuedIds,
    signed: unionOf(calls.filter(isWanted).map((call) => countOf(signedIn(call)))),
    otherwise: calls.filter((call) => !isWanted(call)).reduce((sum, call) => sum + signedIn(call).length, 0),
  }
}

/** How a batch differs: signatures that nothing explains, and tokens without a signature. */
export interface Difference {
  unexplained: number
  unsigned: number
}

const difference = (unexplained: number, unsigned: number): Difference | undefined =>
  unexplained + unsigned > 0 ? { unexplained, unsigned } : undefined

/** Compares numbers alone: what can be known without Vault's help. Undefined where they agree. */
export function differenceByCount({ wanted, issued, signed, otherwise }: BatchSides): Difference | undefined {
  const extra = Math.max(0, sumOf(signed) - sumOf(wanted), signed.size - wanted.size)
  const missing = Math.max(0, sumOf(issued) - sumOf(signed), issued.size - signed.size)
  return difference(otherwise + extra, missing)
}

/**
 * Compares signature by signature.
 *
 * @param auditIdOf the auditId that a value in the log stands for, where it is one of the batch's
 */
export function differenceByHash(
  { wanted, issued, signed, otherwise }: BatchSides,
  auditIdOf: ReadonlyMap<string, string>,
): Difference | undefined {
  const known: Multiset = new Map()
  let unexplained = otherwise
  for (const [input, count] of signed) {
    const auditId = auditIdOf.get(input)
    if (auditId === undefined) {
      unexplained += count
    } else {
      known.set(auditId, Math.max(known.get(auditId) ?? 0, count))
    }
  }
  for (const [auditId, count] of known) {
    unexplained += Math.max(0, count - (wanted.get(auditId) ?? 0))
  }
  let unsigned = 0
  for (const [auditId, count] of issued) {
    unsigned += Math.max(0, count - (known.get(auditId) ?? 0))
  }
  return difference(unexplained, unsigned)
}
