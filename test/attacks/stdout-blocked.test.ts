import t from 'tap'
import { type IssuedRecord, isIssuanceRecord } from '../../src/issuance/issuance-record.ts'
import { blockedService, pipeOutput, socketOutput } from '../support/blocked-output.ts'
import { testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

// The reader of standard output stops reading, where the issuance log goes there and is required.

const backend = await testBackend(t)

const issuedIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.includes('"issued"'))
    .map((line) => JSON.parse(line) as IssuedRecord)
    .filter(isIssuanceRecord)
    .map(({ auditId }) => auditId)

for (const [name, output] of Object.entries({ pipe: pipeOutput, socket: socketOutput })) {
  t.test(
    `a ${name} that nobody reads: tokens are refused, and each that was answered has its line`,
    async (t) => {
      const service = await blockedService(t, backend, output(t), {
        PADLOCK_ISSUANCE_LOG: 'stdout',
        PADLOCK_ISSUANCE_LOG_REQUIRED: 'true',
      })
      const { auditIds, refusals } = await service.load(Number.POSITIVE_INFINITY)
      t.ok(auditIds.length > 0)
      t.strictSame(refusals, ['503 issuance_log_unavailable'])
      const readiness = await fetch(`${service.url}/health/ready`)
      t.equal(readiness.status, 503)
      t.match(await readiness.json(), {
        components: { issuanceLog: { status: 'unavailable', error: 'EHUNG', lost: 0 } },
      })
      t.match(await (await fetch(`${service.url}/metrics`)).text(), /^padlock_issuance_log_up 0$/m)
      t.equal((await fetch(`${service.url}/health/live`)).status, 200)

      const read = service.read()
      await until(async () => (await fetch(`${service.url}/health/ready`)).status === 200)
      const after = await service.issue('afterwards')
      t.equal(after.status, 200)
      await until(() => read.text.includes(after.body.auditId as string))
      service.child.kill('SIGTERM')
      t.strictSame(await service.ended, [0, null])
      const wanted = [...auditIds, after.body.auditId as string]
      t.strictSame(issuedIn(read.text).sort(), wanted.sort())
    },
  )
}

t.test('where it is not required, tokens go on, and readiness and metric say what is wrong', async (t) => {
  const service = await blockedService(t, backend, pipeOutput(t), { PADLOCK_ISSUANCE_LOG: 'stdout' })
  await service.load(300)
  const readiness = async () => (await fetch(`${service.url}/health/ready`)).json()
  await until(async () => ((await readiness()) as { status: string }).status === 'degraded')
  t.match(await readiness(), { components: { issuanceLog: { status: 'degraded', error: 'EHUNG' } } })
  t.match(await (await fetch(`${service.url}/metrics`)).text(), /^padlock_issuance_log_up 0$/m)
  t.equal((await service.issue('more')).status, 200)
})
