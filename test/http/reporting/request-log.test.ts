import t from 'tap'
import { testService } from '../../support/service.ts'

const service = await testService(t)

/** Requests counted by now, by code. */
async function counts(): Promise<Record<string, number>> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const lines = [...text.matchAll(/^padlock_requests_total\{code="(\w+)"\} (\d+)$/gm)]
  return Object.fromEntries(lines.map(([, code, count]) => [code, Number(count)]))
}

const sum = (one: number | undefined, other: number) => (one as number) + other

t.test(
  'a health check that tells of trouble is counted as that, and neither as ok nor as a failed token',
  async (t) => {
    const ready = async () => {
      const answer = await fetch(`${service.url}/health/ready`)
      await answer.arrayBuffer()
      return answer.status
    }
    await counts()
    const before = await counts()
    t.equal(await ready(), 200)
    await service.vault.api('PUT', 'sys/seal')
    let good = 1
    while ((await ready()) === 200) {
      good += 1
    }
    t.equal(await ready(), 503)
    const after = await counts()
    // The scrape before this one is an ok, too.
    t.strictSame(after, { ...before, ok: sum(before.ok, good + 1), not_ready: sum(before.not_ready, 2) })
    t.ok(await service.logged({ route: '/health/ready', status: 503, code: 'not_ready' }))
  },
)
