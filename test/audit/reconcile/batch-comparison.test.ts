import t from 'tap'
import {
  differenceByCount,
  differenceByHash,
  sidesOf,
} from '../../../src/audit/reconcile/batch-comparison.ts'
import { type BatchRecord, batchesOf, type CallRecord } from '../../../src/audit/reconcile/batch-records.ts'

const asked = (...auditIds: string[]): BatchRecord => ({
  ...{ kind: 'asked', correlationId: 'c', time: 1, key: 'padlock-a', keyVersion: 1, auditIds },
})
let requests = 0
const issued = (auditId: string, requestId = `token ${++requests}`): BatchRecord => ({
  ...{
    kind: 'issued',
    correlationId: 'c',
    time: 3,
    key: 'padlock-a',
    keyVersion: 1,
    auditId,
    requestId,
    profile: 'p',
  },
})
/** What stands in Vault's log as `h<auditId>`. */
const call = (items: string[], given: Partial<CallRecord> = {}): CallRecord => ({
  ...{ kind: 'call', answered: true, correlationId: 'c', requestId: `call ${++requests}`, time: 2, log: 0 },
  ...{ foreign: false, key: 'padlock-a', isRs256: true, by: 'x' },
  items: items.map((item) => [item, 1]),
  ...given,
})
const hashes = new Map(['a', 'b', 'c', 'd'].map((auditId) => [`h${auditId}`, auditId]))

/** How a batch of these records differs, by number and by hash. */
function differences(...records: BatchRecord[]) {
  const [batch, ...others] = batchesOf(records)
  if (batch === undefined || others.length > 0) {
    throw new Error('not one batch')
  }
  const sides = sidesOf(batch)
  return [differenceByCount(sides), differenceByHash(sides, hashes)]
}
const none = [undefined, undefined]

t.test('what is explained', async (t) => {
  t.strictSame(differences(asked('a', 'b'), call(['ha', 'hb']), issued('a'), issued('b')), none)
  t.strictSame(differences(asked('a', 'b'), call(['ha', 'hb']), issued('a')), none, 'one was not used')
  const again = [call(['ha', 'hb']), call(['hb'])]
  t.strictSame(differences(asked('a', 'b'), ...again, issued('b')), none, 'called again for who still waits')
  t.strictSame(
    differences(asked('a', 'a'), call(['ha', 'ha']), issued('a'), issued('a')),
    none,
    'twice the same',
  )
  t.strictSame(differences(call(['ha']), issued('a')), none, 'the line before the call is lost')
  const failed = call(['ha', 'hb'])
  failed.items[1] = ['hb', 0]
  t.strictSame(differences(asked('a', 'b'), failed, issued('a')), none, 'Vault refused one item')
})

t.test('one call counts once, whatever number of logs has it, and a request by its answer', async (t) => {
  const one = call(['ha'])
  t.strictSame(
    differences(asked('a'), { ...one, answered: false }, one, { ...one, log: 1 }, issued('a')),
    none,
  )
  t.strictSame(
    differences(asked('a'), one, issued('a', 'same'), issued('a', 'same')),
    none,
    'a log given twice',
  )
  t.equal(batchesOf([asked('a'), { ...one, answered: false }])[0]?.unanswered, 1)
})

t.test('what is not', async (t) => {
  const more = { unexplained: 1, unsigned: 0 }
  const fewer = { unexplained: 0, unsigned: 1 }
  t.strictSame(differences(asked('a'), call(['ha']), call(['hx']), issued('a')), [more, more])
  t.strictSame(differences(asked('a'), call(['ha', 'ha']), issued('a')), [more, more])
  t.strictSame(differences(asked('a', 'b'), call(['ha']), issued('a'), issued('b')), [fewer, fewer])
  t.strictSame(differences(asked('a'), call(['hx']), issued('a')), [
    undefined,
    { unexplained: 1, unsigned: 1 },
  ])
  for (const odd of [
    { key: 'padlock-b' },
    { isRs256: false },
    { items: [['hb', 2]] as [string, number][] },
  ]) {
    const other = call(['hb'], odd)
    t.strictSame(
      differences(asked('a', 'b'), call(['ha']), other, issued('a')),
      [more, more],
      JSON.stringify(odd),
    )
  }
})
