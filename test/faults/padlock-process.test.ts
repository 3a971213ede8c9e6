import { once } from 'node:events'
import t from 'tap'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const token = await subject.callers.token()
const second = await startService(t, subject)

for (const [signal, how] of [
  ['SIGTERM', 'stopped'],
  ['SIGKILL', 'killed'],
] as const) {
  t.test(`an instance is ${how}, and another one takes over`, async (t) => {
    const instance = await startService(t, subject)
    await tryFault(
      t,
      { load: { urls: [instance.url, second.url], token }, recipient: subject.recipient },
      {
        fault: `Padlock ${how} (${signal}), a second instance takes over`,
        codes: [],
        async cause() {
          const ended = once(instance.process, 'exit')
          instance.process.kill(signal)
          const [code] = await ended
          if (signal === 'SIGTERM') {
            t.equal(code, 0)
          }
        },
        lastsMs: 2_000,
        cure: async () => {},
        afterMs: 2_500,
      },
    )
  })
}
