import fc from 'fast-check'
import t from 'tap'
import { edited, edits } from '../../support/byte-edits.ts'
import { HostileRequests } from '../../support/hostile.ts'
import { problemFaults } from '../../support/problem.ts'
import { goodParts, rawPost, sendRaw } from '../../support/raw-http.ts'
import { testService } from '../../support/service.ts'

const seed = 20_260_104
const service = await testService(t)
const hostile = new HostileRequests()
const parts = await goodParts(service.callers)

t.test(
  'no request of any kind, cut off anywhere, gets a 5xx or an answer outside the contract',
  async (t) => {
    const good = rawPost(parts.good, parts.body)
    const request = fc.oneof(
      edits.map((list) => edited(good, list)),
      fc.nat(good.length).map((length) => good.subarray(0, length)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    )
    const property = fc.asyncProperty(request, async (bytes) => {
      // The end is sent too, so that nothing waits for what never comes; then an answer need not come either.
      for (const answer of await sendRaw(service.url, [bytes, null])) {
        // An edit may name another address, and HEAD has no body.
        const good = answer.status < 400 || answer.body === '' || problemFaults(answer).length === 0
        hostile.count(answer, good)
        if (!good) {
          throw new Error(problemFaults(answer).join(', '))
        }
      }
    })
    await fc.assert(property, { numRuns: 1_000, seed })
    t.equal((await service.issue({ userId: 'u-1' })).status, 200, 'and it serves on')
    t.strictSame(
      service.log.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    )
  },
)

t.test('figures', async (t) => hostile.report(t))
