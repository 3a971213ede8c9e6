import { access, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { holdFileLock } from '../../../tools/cache/file-lock.ts'

t.test('the second waits for the first, and is told once', async (t) => {
  const path = join(t.testdir({}), 'lock')
  const first = await holdFileLock(path)
  const events: string[] = []
  const second = holdFileLock(path, () => events.push('waits')).then((lock) => {
    events.push('has it')
    return lock
  })
  await delay(600)
  t.same(events, ['waits'])
  await first.release()
  await (await second).release()
  t.same(events, ['waits', 'has it'])
  await t.rejects(access(path), { code: 'ENOENT' })
})

t.test('a lock whose owner died is taken over', async (t) => {
  const path = join(t.testdir({}), 'lock')
  await writeFile(path, '')
  const past = new Date(Date.now() - 16_000)
  await utimes(path, past, past)
  const lock = await holdFileLock(path)
  await lock.release()
  t.pass('taken')
})

t.test('a folder that is not there is an error, not a wait', async (t) => {
  await t.rejects(holdFileLock(join(t.testdir({}), 'none', 'lock')), { code: 'ENOENT' })
})
