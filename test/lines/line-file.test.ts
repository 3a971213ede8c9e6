import { execFileSync } from 'node:child_process'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { LineFile } from '../../src/lines/line-file.ts'
import { fillDisk } from '../support/full-disk.ts'
import { until } from '../support/wait.ts'

const tellLost = ({ lines }: { lines: number }) => `lost ${lines}\n`

function folder(t: Test): (name: string) => string {
  const dir = t.testdir({})
  return (name) => join(dir, name)
}

t.test('lines are written in order, by the end at the latest', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i}\n`)
  for (const line of lines) {
    log.append(line)
  }
  t.equal(await log.close(5_000), 0)
  t.equal(await readFile(file('log'), 'utf8'), lines.join(''))
  t.equal((await stat(file('log'))).mode & 0o777 & ~0o640, 0, 'readable by its owner and group at the most')
})

t.test('it goes on at the end of a file that is there', async (t) => {
  const file = folder(t)
  for (const line of ['one\n', 'two\n']) {
    const log = await LineFile.open(file('log'), tellLost)
    log.append(line)
    await log.close(5_000)
  }
  t.equal(await readFile(file('log'), 'utf8'), 'one\ntwo\n')
})

t.test('renamed again and again under load: every line is in one of the files, whole and once', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  const wanted: string[] = []
  for (let turn = 0; turn < 20; turn++) {
    for (let i = 0; i < 2_000; i++) {
      const line = `${turn} ${i} ${'x'.repeat(300)}`
      wanted.push(line)
      log.append(`${line}\n`)
      if (i % 100 === 0) {
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await rename(file('log'), file(`log.${turn}`))
    log.rotate()
    await until(() => stat(file('log')).catch(() => false))
  }
  t.equal(await log.close(5_000), 0)
  const names = [...Array.from({ length: 20 }, (_, turn) => `log.${turn}`), 'log']
  const texts = await Promise.all(names.map((name) => readFile(file(name), 'utf8')))
  t.strictSame(texts.join('').trim().split('\n'), wanted)
})

t.test('a file that was renamed or removed is noticed without a word', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  await rename(file('log'), file('log.1'))
  await until(() => stat(file('log')).catch(() => false))
  log.append('after the rename\n')
  log.flush()
  await until(async () => (await readFile(file('log'), 'utf8')) !== '')
  await rm(file('log'))
  await until(() => stat(file('log')).catch(() => false))
  log.append('after the removal\n')
  await log.close(5_000)
  t.equal(await readFile(file('log'), 'utf8'), 'after the removal\n')
})

t.test('a full disk: lines wait, and are written when there is room again', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  const makeRoom = fillDisk(process.pid, 0)
  t.teardown(makeRoom)
  for (let i = 0; i < 1_000; i++) {
    log.append(`line ${i}\n`)
  }
  await until(() => log.state().error === 'EFBIG')
  t.match(log.state(), { waiting: 1_000, lost: 0 })
  makeRoom()
  await until(() => log.state().error === undefined)
  t.match(log.state(), { waiting: 0, lost: 0 })
  t.equal(await log.close(5_000), 0)
  t.equal((await readFile(file('log'), 'utf8')).split('\n').length, 1_001)
})

t.test('what does not fit into memory is lost, counted, and told in its place', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  const makeRoom = fillDisk(process.pid, 0)
  t.teardown(makeRoom)
  const line = `${'x'.repeat(1_023)}\n`
  for (let i = 0; i < 10_000; i++) {
    log.append(line)
  }
  await until(() => log.state().error === 'EFBIG')
  const { waiting, lost } = log.state()
  t.equal(waiting + lost, 10_000)
  t.equal(waiting, 8_192)
  makeRoom()
  await until(() => log.state().error === undefined)
  log.append('then\n')
  t.equal(await log.close(5_000), lost)
  const written = (await readFile(file('log'), 'utf8')).trim().split('\n')
  t.equal(written.length, waiting + 2)
  t.strictSame(written.slice(-2).sort(), [`lost ${lost}`, 'then'].sort())
})

t.test('a stop on a full disk ends, and says how many lines were lost', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  t.teardown(fillDisk(process.pid, 0))
  for (let i = 0; i < 10; i++) {
    log.append('line\n')
  }
  t.equal(await log.close(5_000), 10)
})

t.test(
  'a folder that is gone: lines wait; a stop still writes them to the file that was moved',
  async (t) => {
    const file = folder(t)
    execFileSync('mkdir', [file('logs')])
    const log = await LineFile.open(file('logs/log'), tellLost)
    await rename(file('logs'), file('moved'))
    log.append('line\n')
    log.rotate()
    await until(() => log.state().error === 'ENOENT')
    t.match(log.state(), { waiting: 1 })
    t.equal(await log.close(5_000), 0)
    t.equal(await readFile(file('moved/log'), 'utf8'), 'line\n')
  },
)

t.test('more than half of the room taken counts as failing, until it is free again', async (t) => {
  const file = folder(t)
  const log = await LineFile.open(file('log'), tellLost)
  const line = `${'x'.repeat(1_023)}\n`
  for (let i = 0; i < 4_096; i++) {
    log.append(line)
  }
  t.equal(log.state().error, undefined)
  log.append(line)
  t.equal(log.state().error, 'ENOBUFS')
  await until(() => log.state().waiting === 0)
  t.equal(log.state().error, undefined)
  await log.close(5_000)
})
