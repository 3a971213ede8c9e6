import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LastGood } from '../../src/files/last-good.ts'

t.test('the last good contents stay in use, and each reason is told once for each change', (t) => {
  const file = join(t.testdir(), 'file')
  const refused: string[] = []
  let barred = ''
  const read = () => {
    const text = readFileSync(file, 'utf8')
    if (text.startsWith('bad') || barred !== '') {
      throw new RangeError(barred || text)
    }
    return { text }
  }
  const reasonOf = (error: unknown) => (error instanceof RangeError ? error.message : undefined)
  writeFileSync(file, 'first')
  const files = new LastGood(
    { paths: [file], read, reasonOf, refused: (reason) => refused.push(reason) },
    read,
  )
  const first = files.current()
  t.equal(first.text, 'first')
  t.equal(files.current(), first, 'nothing has changed')
  writeFileSync(file, 'bad one')
  t.equal(files.current(), first)
  t.equal(files.current(), first)
  t.equal(files.problem, 'bad one')
  writeFileSync(file, 'bad two')
  t.equal(files.current(), first)
  t.same(refused, ['bad one', 'bad two'])
  writeFileSync(file, 'second')
  barred = 'not yet'
  t.equal(files.current(), first)
  barred = ''
  t.equal(files.current().text, 'second', 'good without another change')
  t.equal(files.problem, undefined)
  writeFileSync(file, 'bad three')
  const odd = new LastGood({ paths: [file], read, reasonOf: () => undefined, refused: () => {} }, () => first)
  odd.problem = 'read again'
  t.throws(() => odd.current(), RangeError, 'what says nothing of the files is thrown')
  t.end()
})
