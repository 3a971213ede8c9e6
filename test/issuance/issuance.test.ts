import { once } from 'node:events'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { subjectPseudonym } from '../../src/token/subject.ts'
import { probeCorrelationPrefix } from '../../src/vault/signing/signing-probe.ts'
import { fillDisk } from '../support/full-disk.ts'
import { askedOf, issuanceRecords, issuedOf, signingCalls } from '../support/issuance.ts'
import { leavingCaller } from '../support/leaving-caller.ts'
import { answerOf, codeOf, problemFaults } from '../support/problem.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { type StandInCall, vaultStandIn } from '../support/vault-stand-in.ts'
import { until } from '../support/wait.ts'

const backend = await testBackend(t)
const { vault } = backend
const key = Buffer.alloc(32, 7)
const storedKey = { key: key.toString('base64') }
await vault.api('POST', 'secret/data/padlock/audit/subject-key', { data: storedKey })

/** A call that asks for tokens' signatures, and not for a probe. */
const isForTokens = ({ path, headers }: StandInCall) =>
  path.startsWith('transit/sign/') && !String(headers['x-correlation-id']).startsWith(probeCorrelationPrefix)

/** A service with an issuance log of its own. */
async function withLog(t: Test, env: Record<string, string> = {}): Promise<TestService & { file: string }> {
  const file = join(t.testdir({}), 'issuance.log')
  const service = await startService(t, backend, { PADLOCK_ISSUANCE_LOG: file, ...env })
  return { ...service, file }
}

async function stopped(service: TestService, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  service.process.kill(signal)
  await once(service.process, 'exit')
}

const auditIdOf = async (response: Response) => ((await response.json()) as { auditId: string }).auditId
const readiness = async ({ url }: TestService) =>
  (await fetch(`${url}/health/ready`)).json() as Promise<{
    status: string
    components: Record<string, { status: string }>
  }>
const metric = async ({ url }: TestService, name: string) =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1])

t.test(
  'a token has a line of its own, and its call one before: nothing of the visitor stands there',
  async (t) => {
    const service = await withLog(t)
    const visitorData = { email: 'jane@shop.test', firstName: 'Jane' }
    const auditId = await auditIdOf(await service.issue({ userId: 'customer-8714', visitorData }))
    const { reqId, correlationId } = await service.logged({ auditId })
    await stopped(service)
    const [asked, issued, ...more] = await issuanceRecords(service.file)
    t.strictSame(more, [])
    const common = { key: 'padlock-default', keyVersion: 1, correlationId, time: String, instance: String }
    t.match(asked, { event: 'asked', auditIds: [auditId], ...common })
    const subject = subjectPseudonym({ version: 1, key }, 'default', 'customer-8714')
    t.match(issued, {
      ...{ event: 'issued', auditId, profile: 'default', sub: 'shop-backend', requestId: reqId, ...common },
      ...{ subject, subjectKey: 1 },
    })
    const text = await readFile(service.file, 'utf8')
    for (const secret of ['customer-8714', 'jane', 'Jane', key.toString('base64'), vault.rootToken]) {
      t.notOk(text.includes(secret), secret)
    }
    t.notOk(JSON.stringify(service.log).includes(storedKey.key), 'the key is not logged')
  },
)

t.test(
  "under load: every token of the answers has its line, and Vault's log and this one are of the same calls",
  async (t) => {
    const service = await withLog(t, { PADLOCK_REQUEST_DEADLINE_MS: '30000', PADLOCK_SIGN_QUEUE_MAX: '2000' })
    const before = (await signingCalls(vault.auditLog)).length
    const ids = await Promise.all(
      Array.from({ length: 600 }, async (_, i) => auditIdOf(await service.issue({ userId: `user-${i}` }))),
    )
    await stopped(service)
    const records = await issuanceRecords(service.file)
    t.strictSame(
      issuedOf(records)
        .map(({ auditId }) => auditId)
        .sort(),
      ids.sort(),
    )
    const asked = askedOf(records).map(({ correlationId, auditIds }) => ({
      correlationId,
      items: auditIds.length,
    }))
    const byId = (a: { correlationId: string }, b: { correlationId: string }) =>
      a.correlationId < b.correlationId ? -1 : 1
    t.strictSame(asked.sort(byId), (await signingCalls(vault.auditLog)).slice(before).sort(byId))
  },
)

t.test('a log that is renamed under load, with a hang-up after it, loses no line', async (t) => {
  const service = await withLog(t)
  const ids: string[] = []
  const files = [service.file]
  let loading = true
  const load = Array.from({ length: 8 }, async (_, worker) => {
    for (let i = 0; loading; i++) {
      ids.push(await auditIdOf(await service.issue({ userId: `u-${worker}-${i}` })))
    }
  })
  for (let turn = 1; turn <= 5; turn++) {
    const [old, count] = [`${service.file}.${turn}`, ids.length]
    await until(() => ids.length >= count + 20)
    await rename(service.file, old)
    service.process.kill('SIGHUP')
    files.push(old)
    await until(() => readFile(service.file, 'utf8').catch(() => ''))
  }
  loading = false
  await Promise.all(load)
  await stopped(service)
  const issued = issuedOf(await issuanceRecords(...files))
  t.equal(issued.length, ids.length)
  t.strictSame(new Set(issued.map(({ auditId }) => auditId)), new Set(ids))
})

t.test('killed outright: whatever Vault signed is on record', async (t) => {
  const service = await withLog(t)
  const before = (await signingCalls(vault.auditLog)).length
  let [loading, answered] = [true, 0]
  const load = Array.from({ length: 8 }, async (_, worker) => {
    for (let i = 0; loading; i++) {
      const response = await service.issue({ userId: `u-${worker}-${i}` }).catch(() => undefined)
      if (response?.ok) {
        answered += 1
      }
    }
  })
  await until(() => answered > 50)
  await stopped(service, 'SIGKILL')
  loading = false
  await Promise.all(load)
  const asked = new Set(
    askedOf(await issuanceRecords(service.file)).map(({ correlationId }) => correlationId),
  )
  const signed = (await signingCalls(vault.auditLog)).slice(before)
  t.strictSame(
    signed.filter(({ correlationId }) => !asked.has(correlationId)),
    [],
  )
})

t.test('a caller that hangs up while Vault signs: asked for, and not issued', async (t) => {
  const stand = await vaultStandIn(t, vault.address)
  const service = await withLog(t, { VAULT_ADDR: stand.address })
  const held = stand.holdSigning()
  const leaving = await leavingCaller(service)
  await held.reached
  await leaving.leave()
  const { auditId } = await service.logged({ aborted: true, profile: 'default' })
  held.release()
  await stopped(service)
  const records = await issuanceRecords(service.file)
  t.match(askedOf(records), [{ auditIds: [auditId] }])
  t.strictSame(issuedOf(records), [])
})

t.test('a call that is made once more, since its answer was lost, has one line', async (t) => {
  const stand = await vaultStandIn(t, vault.address)
  const service = await withLog(t, { VAULT_ADDR: stand.address })
  let lost = 0
  stand.answer = async (call) => {
    if (!isForTokens(call) || lost > 0) {
      return call.forward()
    }
    lost += 1
    await call.forward()
    return 'reset'
  }
  const before = (await signingCalls(vault.auditLog)).length
  const auditId = await auditIdOf(await service.issue({ userId: 'u-1' }))
  await stopped(service)
  const records = await issuanceRecords(service.file)
  const signed = (await signingCalls(vault.auditLog)).slice(before)
  t.equal(signed.length, 2, 'Vault signed twice')
  t.match(askedOf(records), [{ auditIds: [auditId], correlationId: signed[0]?.correlationId }])
  t.match(issuedOf(records), [{ auditId }])
})

/** A log that cannot be written, and what makes it good again. */
async function onFullDisk(t: Test, env: Record<string, string> = {}) {
  const service = await withLog(t, env)
  return { ...service, makeRoom: fillDisk(service.process.pid as number, 0) }
}

t.test('a full disk: tokens go on, readiness and metrics tell, and no line is lost', async (t) => {
  const service = await onFullDisk(t)
  const ids = await Promise.all(
    [1, 2, 3].map(async (i) => auditIdOf(await service.issue({ userId: `u-${i}` }))),
  )
  await until(async () => (await readiness(service)).status === 'degraded')
  t.match((await readiness(service)).components.issuanceLog, { status: 'degraded', error: 'EFBIG', lost: 0 })
  t.equal(await metric(service, 'padlock_issuance_log_up'), 0)
  t.ok((await metric(service, 'padlock_issuance_log_waiting_lines')) > 3)
  await service.logged({ level: 'error', code: 'EFBIG' })
  service.makeRoom()
  await until(async () => (await readiness(service)).status === 'ready')
  t.equal(await metric(service, 'padlock_issuance_log_up'), 1)
  t.equal(await metric(service, 'padlock_issuance_log_lost_lines_total'), 0)
  await stopped(service)
  t.strictSame(
    issuedOf(await issuanceRecords(service.file))
      .map(({ auditId }) => auditId)
      .sort(),
    ids.sort(),
  )
})

t.test('a full disk where the log is required: issuance_log_unavailable, until there is room', async (t) => {
  const service = await onFullDisk(t, { PADLOCK_ISSUANCE_LOG_REQUIRED: 'true' })
  // Nothing has been written yet: only the line of this call shows it.
  const before = (await signingCalls(vault.auditLog)).length
  const first = await answerOf(await service.issue({ userId: 'u-1' }))
  t.equal(codeOf(first), 'issuance_log_unavailable')
  t.equal((await signingCalls(vault.auditLog)).length, before, 'Vault was not asked')
  await until(async () => (await readiness(service)).status === 'unavailable')
  const refusal = await answerOf(await service.issue({ userId: 'u-2' }))
  t.equal(refusal.status, 503)
  t.equal(codeOf(refusal), 'issuance_log_unavailable')
  t.strictSame(problemFaults(refusal), [])
  service.makeRoom()
  await until(async () => (await readiness(service)).status === 'ready')
  t.equal((await service.issue({ userId: 'u-3' })).status, 200)
})

t.test('on standard output its lines stand whole between those of the other log', async (t) => {
  const service = await withLog(t, { PADLOCK_ISSUANCE_LOG: 'stdout' })
  await Promise.all(Array.from({ length: 50 }, (_, i) => service.issue({ userId: `u-${i}` })))
  const issued = () => service.log.filter(({ event }) => event === 'issued')
  await until(() => issued().length === 50)
  t.strictSame(
    service.log.filter((line) => typeof line === 'string'),
    [],
  )
  t.equal((await readiness(service)).components.issuanceLog?.status, 'ok')
})

t.test('without a key for pseudonyms, lines have no subject, and that is told', async (t) => {
  await vault.api('DELETE', 'secret/metadata/padlock/audit/subject-key')
  t.teardown(() => vault.api('POST', 'secret/data/padlock/audit/subject-key', { data: storedKey }))
  const service = await withLog(t)
  await service.logged({ level: 'warn', code: 'missing' })
  await service.issue({ userId: 'u-1' })
  await stopped(service)
  const [issued] = issuedOf(await issuanceRecords(service.file))
  t.equal(issued?.subject, undefined)
  t.equal(issued?.subjectKey, undefined)
})

t.test('a log that cannot be opened stops the start', async (t) => {
  const start = startService(t, backend, { PADLOCK_ISSUANCE_LOG: '/proc/nowhere/issuance.log' })
  await t.rejects(start, /ended with 2.*PADLOCK_ISSUANCE_LOG cannot be opened \(ENOENT\)/)
})

t.test('no log is kept where none is asked for, and that is told', async (t) => {
  const service = await startService(t, backend)
  await service.logged({ level: 'warn' })
  t.match(JSON.stringify(service.log), /no issuance log is kept/)
  t.equal((await readiness(service)).components.issuanceLog, undefined)
})
