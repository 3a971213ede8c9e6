import { readFile } from 'node:fs/promises'
import t from 'tap'
import { sharedUserIdDefaults } from '../../../src/token/shared-user-id/shared-user-id.ts'
import { startService, type TestService, testBackend } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

const shared = 'customer-4711'

/** Asks for one id again and again, some at a time; the statuses in the order of the requests. */
async function ask(service: TestService, count: number, profile: string, userId = shared): Promise<number[]> {
  const statuses: number[] = []
  for (let left = count; left > 0; left -= 10) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(10, left) }, () => service.issue({ userId }, { profile })),
    )
    for (const answer of answers) {
      statuses.push(answer.status)
      await answer.arrayBuffer()
    }
  }
  return statuses
}

const metric = async (service: TestService, line: string) =>
  (await (await fetch(`${service.url}/metrics`)).text()).split('\n').find((text) => text.startsWith(line))

/** How many signatures Vault was asked for with a profile's key: batches hold several. */
async function signatures(service: TestService, profile: string): Promise<number> {
  const lines = (await readFile(service.vault.auditLog, 'utf8')).trim().split('\n')
  return lines
    .map((line) => JSON.parse(line))
    .filter(
      ({ type, request }) =>
        type === 'request' && request.path.startsWith(`transit/sign/padlock-${profile}/`),
    )
    .reduce((sum, { request }) => sum + (request.data.batch_input?.length ?? 1), 0)
}

t.test('a userId in too many requests', async (t) => {
  const backend = await testBackend(t)
  await backend.addProfile('refusing', { sharedUserId: { share: 0.5, minimum: 30, refuse: true } })
  await backend.addProfile('warning', { sharedUserId: { share: 0.5, minimum: 30, refuse: false } })
  const service = await startService(t, backend)
  const warnings = (profile: string) =>
    service.log.filter((line) => line.userIdHash !== undefined && line.profile === profile)

  await t.test(
    'is refused where the profile asks for it, that id alone, and costs no signature',
    async (t) => {
      const statuses = await ask(service, 60, 'refusing')
      t.equal(statuses.filter((status) => status === 200).length, 29)
      t.equal(statuses.filter((status) => status === 409).length, 31)
      t.equal(await signatures(service, 'refusing'), 29)

      const refused = await service.issue({ userId: shared }, { profile: 'refusing' })
      t.equal(refused.headers.get('content-type'), 'application/problem+json')
      const problem = (await refused.json()) as Record<string, unknown>
      t.match(problem, { status: 409, code: 'user_id_shared', type: 'urn:padlock:error:user_id_shared' })
      t.notMatch(JSON.stringify(problem), shared)
      t.strictSame(await ask(service, 20, 'refusing', 'customer-4712'), Array(20).fill(200))
      t.strictSame(await ask(service, 1, 'warning'), [200], 'nor is it refused for another profile')
    },
  )

  await t.test('raises one warning, which does not hold the id, and a metric', async (t) => {
    await until(() => warnings('refusing').length > 0)
    t.equal(warnings('refusing').length, 1)
    t.match(warnings('refusing')[0], {
      level: 'warn',
      userIdHash: /^[0-9a-f]{12}$/,
      count: 30,
      total: 30,
      share: 1,
      refused: true,
      msg: /docs\/shared-user-id\.md/,
    })
    const { reqId } = warnings('refusing')[0]
    const line = await service.logged({ reqId, msg: 'request' })
    t.match(line, { sub: 'shop-backend', code: 'user_id_shared' }, 'its request id leads to the caller')
    t.notMatch(JSON.stringify(service.log), shared)
    t.equal(
      await metric(service, 'padlock_shared_user_id_alarm{profile="refusing"}'),
      'padlock_shared_user_id_alarm{profile="refusing"} 1',
    )
    t.match(await metric(service, 'padlock_requests_total{code="user_id_shared"}'), / 32$/)
  })

  await t.test('is only told of where the profile does not ask for refusal', async (t) => {
    t.strictSame(await ask(service, 40, 'warning'), Array(40).fill(200))
    t.equal(warnings('warning').length, 1)
    t.match(warnings('warning')[0], { refused: false })
  })

  await t.test('is told of where the profile says nothing at all', async (t) => {
    const { minimum } = sharedUserIdDefaults
    t.strictSame(await ask(service, minimum - 1, 'default'), Array(minimum - 1).fill(200))
    t.equal(warnings('default').length, 0)
    t.strictSame(await ask(service, 10, 'default'), Array(10).fill(200))
    t.equal(warnings('default').length, 1)
  })

  await t.test('the share of the most frequent id is a metric', async (t) => {
    const line = 'padlock_shared_user_id_share{profile="warning"}'
    const deadline = performance.now() + 20_000
    let found: string | undefined
    while (found === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 250))
      found = await metric(service, line)
    }
    t.equal(found, `${line} 1`)
  })
})
