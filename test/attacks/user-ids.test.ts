import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkUserId, userIdRules } from '../../src/token/user-id.ts'

const rules = userIdRules({})
const codes = (userId: string) => checkUserId(userId, rules).map(({ code }) => code)
/** One userId a line. */
const list = (name: string) =>
  readFileSync(join(import.meta.dirname, '../vectors', name), 'utf8')
    .trimEnd()
    .split('\n')

const printed = list('user-ids-printed.txt')
const real = list('user-ids-real.txt')

t.test(`${printed.length} values that code prints in place of an id are refused`, async (t) => {
  for (const id of printed) {
    t.ok(codes(id).includes('user_id_placeholder'), id)
  }
})

t.test(`${real.length} ids of real people and systems pass`, async (t) => {
  for (const id of real) {
    t.strictSame(codes(id), [], id)
  }
})

t.test('the longest of each kind takes bounded work', async (t) => {
  const seeds = [...new Set([...printed, ...real].map((id) => id.slice(0, 6)))]
  const ids = seeds.flatMap((seed) => ['', '!', ')'].map((end) => seed.repeat(255).slice(0, 254) + end))
  const start = process.cpuUsage()
  for (const id of ids) {
    checkUserId(id, rules)
  }
  const { user } = process.cpuUsage(start)
  t.ok(user / ids.length < 5_000, `${ids.length} ids, less than 5 ms of processor time each on average`)
})
