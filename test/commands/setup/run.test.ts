import t from 'tap'
import type { SetupPlan } from '../../../src/commands/setup/plan.ts'
import { applySetup } from '../../../src/commands/setup/run.ts'
import type { Step } from '../../../src/commands/setup/step.ts'
import type { VaultClient } from '../../../src/vault/client/client.ts'

t.test('Ctrl-C during a step lets it end and begins no other', async (t) => {
  const interrupted = new AbortController()
  const done: string[] = []
  const step = (name: string, work = () => {}): Step => ({
    ...{ kind: 'policy', name, state: 'create', detail: '' },
    apply: async () => {
      work()
      done.push(name)
    },
  })
  const steps = [step('first', () => interrupted.abort()), step('second')]
  const plan = { steps } as SetupPlan
  await t.rejects(applySetup({} as VaultClient, plan, { interrupted: interrupted.signal }), {
    exitCode: 1,
    message: 'Stopped before policy second: run the set-up again to finish.',
  })
  t.same(done, ['first'])
})
