import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { ErrorCode } from '../../../src/errors.ts'
import { judge, type Recipient, type Verdict } from './judge.ts'
import { Load, type LoadOptions, type Outcome } from './load.ts'
import { type Row, report } from './rows.ts'
import { endOf, type SignCalls, signCalls } from './sign-calls.ts'

/** A fault under steady load. */
export interface Trial {
  /** as the table names it */
  fault: string
  /** codes of the refusals that callers may see while it lasts; none for a fault that nobody may notice */
  codes: ErrorCode[]
  /** true where it may also pass without a refusal */
  maybeUnnoticed?: boolean
  /** brings it about */
  cause(): Promise<unknown>
  /** so long it then stays, in milliseconds */
  lastsMs: number
  /** ends it; settles at the moment when the cause is gone */
  cure(): Promise<unknown>
  /** watched for so long afterwards, in milliseconds; 4,000 without it */
  afterMs?: number
}

/** Under what, and how a trial is judged. */
export interface Ground {
  load: Omit<LoadOptions, 'perSecond'> & { perSecond?: number }
  recipient: Recipient
  /** of Vault, where it is to tell how many signing calls reached it */
  auditLog?: string
}

type Judged = Outcome & { verdict: Verdict }

/** Steady load before the fault, in milliseconds. */
const beforeMs = 1_500
const recoveryBoundSeconds = 2
/** Signing calls that may reach Vault for each that must. */
const callsBound = 1.1

const countBy = (names: string[]): Record<string, number> =>
  Object.fromEntries(
    Map.groupBy(names, (name) => name)
      .entries()
      .map(([name, all]) => [name, all.length]),
  )

const refusalCodes = (list: Judged[]) =>
  countBy(list.flatMap(({ verdict }) => (verdict.kind === 'refusal' ? [verdict.code] : [])))
const otherThings = (list: Judged[]) =>
  countBy(list.flatMap(({ verdict }) => (verdict.kind === 'else' ? [verdict.what] : [])))

/** Until every request got a token: how long after `goneAt` the last one arrived that did not, in seconds. */
function recoverySeconds(judged: Judged[], goneAt: number): number {
  const without = judged
    .filter(({ verdict }) => verdict.kind !== 'token')
    .map(({ sentAt }) => sentAt - goneAt)
  return Math.max(0, ...without) / 1000
}

function checkSignCalls(t: Test, { made, needed }: SignCalls): void {
  t.ok(needed > 0 && made <= needed * callsBound, `${made} signing calls reached Vault, of ${needed} needed`)
}

/**
 * Runs a fault under steady load and asserts what DESIGN promises: tokens that are right, or clear refusals by the
 * deadline and of the codes that are due; nothing else; all well again within two seconds of the end of its cause; and
 * hardly more calls to Vault than are needed.
 */
export async function tryFault(t: Test, ground: Ground, trial: Trial): Promise<Row> {
  const { auditLog } = ground
  const logEnd = auditLog === undefined ? 0 : await endOf(auditLog)
  const load = new Load({ perSecond: 40, ...ground.load })
  load.start()
  let causedAt: number
  let goneAt: number
  try {
    await sleep(beforeMs)
    causedAt = performance.now()
    await trial.cause()
    await sleep(trial.lastsMs)
    await trial.cure()
    goneAt = performance.now()
    await sleep(trial.afterMs ?? 4_000)
  } finally {
    await load.stop()
  }
  const judged: Judged[] = []
  for (const outcome of load.outcomes) {
    judged.push({ ...outcome, verdict: await judge(outcome, ground.recipient) })
  }

  const row: Row = {
    fault: trial.fault,
    tokens: judged.filter(({ verdict }) => verdict.kind === 'token').length,
    refusals: judged.filter(({ verdict }) => verdict.kind === 'refusal').length,
    anythingElse: judged.filter(({ verdict }) => verdict.kind === 'else').length,
    codes: refusalCodes(judged),
    recoverySeconds: recoverySeconds(judged, goneAt),
  }
  report(row)

  t.strictSame(otherThings(judged), {}, 'a good token or a clear refusal, and nothing else')
  const before = judged.filter(({ endedAt }) => endedAt < causedAt)
  t.ok(before.length > 0 && before.every(({ verdict }) => verdict.kind === 'token'), 'all was well before')
  const strange = Object.keys(row.codes).filter((code) => !trial.codes.includes(code as ErrorCode))
  t.strictSame(strange, [], 'the codes say what is wrong')
  if (trial.codes.length > 0 && trial.maybeUnnoticed !== true) {
    t.ok(row.refusals > 0, 'the fault was there')
  }
  t.ok(
    (row.recoverySeconds as number) <= recoveryBoundSeconds,
    `well again within ${recoveryBoundSeconds} s (${row.recoverySeconds?.toFixed(2)} s)`,
  )
  const after = judged.filter(({ sentAt }) => sentAt > goneAt + recoveryBoundSeconds * 1000)
  t.ok(after.length > 0, 'and watched for longer than that')
  if (auditLog !== undefined) {
    checkSignCalls(t, await signCalls(auditLog, logEnd))
  }
  return row
}
