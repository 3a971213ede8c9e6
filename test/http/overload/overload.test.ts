import t from 'tap'
import { answerOf } from '../../support/problem.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'

const backend = await testBackend(t)
const standIn = await vaultStandIn(t, backend.vault.address)

t.test(
  'more than the queue holds is refused at once, with Retry-After; the others get their tokens',
  async (t) => {
    const service = await startService(t, backend, {
      VAULT_ADDR: standIn.address,
      PADLOCK_REQUEST_DEADLINE_MS: '60000',
      PADLOCK_SIGN_IN_FLIGHT: '1',
      PADLOCK_SIGN_BATCH_MAX: '2',
      PADLOCK_SIGN_QUEUE_MAX: '3',
    })
    const held = standIn.holdSigning()
    const first = service.issue({ userId: 'first' })
    await held.reached
    let refused = 0
    const more = Array.from({ length: 10 }, async (_, i) => {
      const answer = await answerOf(await service.issue({ userId: `more-${i}` }))
      if (answer.status === 503 && ++refused === 7) {
        held.release()
      }
      return answer
    })
    const answers = await Promise.all(more)
    t.equal(answers.filter(({ status }) => status === 200).length, 3)
    for (const { status, headers, body } of answers.filter(({ status }) => status !== 200)) {
      t.equal(status, 503)
      t.equal(headers.get('retry-after'), '1')
      t.match(JSON.parse(body), { code: 'overloaded' })
    }
    t.equal((await first).status, 200)
  },
)
