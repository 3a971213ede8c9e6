import t from 'tap'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'
import { until } from '../support/wait.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const standIn = await vaultStandIn(t, vault.address)
const service = await startService(t, subject, { VAULT_ADDR: standIn.address })

/** Vault's own answers, as if its clock were ahead by so many seconds. */
function setAhead(seconds: number): void {
  standIn.answer = async (call) => {
    const { status, body } = await call.forward()
    const date = new Date(Date.now() + seconds * 1000).toUTCString()
    const text = body === undefined ? '' : JSON.stringify(body)
    return { status, headers: { 'content-type': 'application/json', date }, text }
  }
}

/** What readiness says of the clock. */
async function clock(): Promise<{ status: string; offsetSeconds: number }> {
  const answer = await (await fetch(`${service.url}/health/ready`)).json()
  return (answer as { components: { clock: { status: string; offsetSeconds: number } } }).components.clock
}

t.test("Vault's clock is set ahead by more than a token lives, and back", async (t) => {
  await tryFault(
    t,
    { load: { urls: [service.url], token: await subject.callers.token() }, recipient: subject.recipient },
    {
      fault: "Vault's clock 90 s ahead of Padlock's, and set right",
      codes: [],
      cause: async () => setAhead(90),
      lastsMs: 4_000,
      async cure() {
        const { status, offsetSeconds } = await clock()
        t.equal(status, 'degraded', 'readiness tells it')
        t.ok(Math.abs(offsetSeconds - 90) <= 2, `${offsetSeconds} s`)
        setAhead(0)
      },
    },
  )
  await until(async () => (await clock()).status === 'ok')
  t.ok(
    service.log.some(({ level, offsetSeconds }) => level === 'warn' && offsetSeconds > 80),
    'and the log',
  )
})
