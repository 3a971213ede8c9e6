import { type FindingKind, findingGroups } from '../findings.ts'

/** What a comparison says, in numbers. */
export interface Verdict {
  /** false where the logs do not cover the interval: then nothing is said of what is not in them */
  complete: boolean
  signatures: number
  accountedFor: number
  /** tokens of the issuance log without a signature in Vault's */
  unsigned: number
  /** changes to look at, and those that were expected */
  changes: number
  expectedChanges: number
  /** the same in one sentence */
  text: string
}

type Numbers = Omit<Verdict, 'complete' | 'changes' | 'text'>

const number = (count: number) => count.toLocaleString('en')
const plural = (count: number, what: string) => `${number(count)} ${what}${count === 1 ? '' : 's'}`

/** The verdict: signatures and changes are judged separately. */
export function verdictOf(numbers: Numbers, counts: Partial<Record<FindingKind, number>>): Verdict {
  const sum = (kinds: readonly FindingKind[]) => kinds.reduce((total, kind) => total + (counts[kind] ?? 0), 0)
  const { signatures, accountedFor, unsigned, expectedChanges } = numbers
  const [gaps, changes] = [sum(findingGroups.logs), sum([...findingGroups.tokens, ...findingGroups.changes])]
  const parts = [
    `${number(accountedFor)} of ${plural(signatures, 'signature')} accounted for`,
    ...(unsigned > 0 ? [`${plural(unsigned, 'token')} without a signature`] : []),
    ...(changes > 0 ? [`${plural(changes, 'change')} to look at`] : []),
    ...(expectedChanges > 0 ? [`${plural(expectedChanges, 'expected change')}`] : []),
  ]
  const complete = gaps === 0
  const text = complete
    ? `${parts.join('; ')}.`
    : `No verdict, for the logs have gaps. What is in them: ${parts.join('; ')}.`
  return { complete, ...numbers, changes, text }
}
