import t from 'tap'
import { Repeat } from '../../src/timing/repeat.ts'
import { until } from '../support/wait.ts'

t.test('the first time is awaited, and others follow until it is stopped', async (t) => {
  let times = 0
  const repeat = new Repeat(async () => {
    times += 1
  }, 1)
  await repeat.start()
  t.equal(times, 1)
  await until(() => times > 2)
  repeat.stop()
  const stopped = times
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(times, stopped)
})

t.test(
  'what was under way at the stop, or at another start, is not followed by a turn of its own',
  async (t) => {
    const turns: PromiseWithResolvers<void>[] = []
    const repeat = new Repeat(() => {
      const turn = Promise.withResolvers<void>()
      turns.push(turn)
      return turn.promise
    }, 1)
    void repeat.start()
    void repeat.start()
    turns[0]?.resolve()
    turns[1]?.resolve()
    await until(() => turns.length === 3)
    repeat.stop()
    turns[2]?.resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.equal(turns.length, 3)
  },
)

t.test('work says when it is due again', async (t) => {
  let times = 0
  const repeat = new Repeat(() => {
    times += 1
    return 1
  }, 3_600_000)
  await repeat.start()
  await until(() => times > 1)
  repeat.stop()
  repeat.startLater()
  repeat.stop()
  t.pass()
})
