import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Unwrapper } from '../../src/audit/trail/unwrap.ts'
import { issuanceLine } from '../../src/issuance/issuance-line.ts'
import { LineFile } from '../../src/lines/line-file.ts'
import { fillDisk } from '../support/full-disk.ts'
import { until } from '../support/wait.ts'

// A write that was cut (a full disk, then `kill -9`) must take no other record with it, and must be counted.

const record = (correlationId: string) => ({
  event: 'asked',
  time: '2026-11-29T10:00:00.000Z',
  key: 'padlock-default',
  keyVersion: 1,
  correlationId,
  auditIds: ['a'.repeat(43)],
  instance: 'host-1',
})
const lineOf = (id: string) => `${JSON.stringify(record(id))}\n`
const tellLost = ({ lines }: { lines: number }) => `lost ${lines}\n`
const newFile = (t: Test) => join(t.testdir({}), 'issuance.log')

async function write(file: string, ...ids: string[]): Promise<void> {
  const log = await LineFile.open(file, tellLost)
  for (const id of ids) {
    log.append(lineOf(id))
  }
  await log.close(5_000)
}

/** What `audit reconcile` makes of each line: its correlation id, `broken`, or `passed over`. */
async function read(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const found = issuanceLine(Buffer.from(line))
    if (found === undefined) {
      return 'passed over'
    }
    return found === 'broken' || found.event === 'lost' ? 'broken' : found.correlationId
  })
}

const whole = lineOf('cut')

t.test('cut after each of its bytes: the next record is whole, and the cut one is counted', async (t) => {
  const file = newFile(t)
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(file, lineOf('first') + whole.slice(0, length))
    await write(file, 'next')
    // Without its line feed alone, a record is whole.
    const cut = length === 0 ? [] : length >= whole.length - 1 ? ['cut'] : ['broken']
    t.strictSame(await read(file), ['first', ...cut, 'next'], `after ${length} bytes`)
  }
  t.comment(`${whole.length + 1} inputs`)
})

const containers: Record<string, (line: string) => string> = {
  'Docker (json-file)': (line) =>
    JSON.stringify({ log: line, stream: 'stdout', time: '2026-11-29T10:00:00Z' }),
  'Kubernetes (CRI)': (line) => `2026-11-29T10:00:00.000000000Z stdout F ${line.trimEnd()}`,
}
/** What becomes of a line of a file, without what the container runtime has wrapped around it. */
const unwrapped = (line: string) => new Unwrapper().open(Buffer.from(line)).map(issuanceLine)
for (const [name, wrap] of Object.entries(containers)) {
  t.test(`${name}: a line that was cut is counted from its first brace on`, async (t) => {
    const line = wrap(whole)
    t.match(unwrapped(line), [record('cut')])
    for (let length = line.indexOf('{') + 1; length < line.length; length++) {
      t.strictSame(unwrapped(line.slice(0, length)), ['broken'], `after ${length} bytes`)
    }
  })
}

const others = {
  "a line of Padlock's own log": '{"level":"info","time":1,"msg":"listening"}',
  'one with the word event': '{"level":"info","time":1,"msg":"an event"}',
  'text of Node': '(node:1) Warning: something',
  'a line of a stack': '    at Object.event (file.ts:1:2)',
}
for (const [name, line] of Object.entries(others)) {
  t.test(`no record, and not counted: ${name}`, async (t) => {
    t.equal(issuanceLine(Buffer.from(line)), undefined)
  })
}

t.test('zeros of a file system whose power failed are counted', async (t) => {
  const file = newFile(t)
  await writeFile(file, Buffer.concat([Buffer.from(lineOf('first')), Buffer.alloc(4_096)]))
  await write(file, 'next')
  t.strictSame(await read(file), ['first', 'broken', 'next'])
})

/** A log whose second line found room for its beginning alone. */
async function cutByFullDisk(t: Test) {
  const file = newFile(t)
  const log = await LineFile.open(file, tellLost)
  const makeRoom = fillDisk(process.pid, whole.length + 20)
  t.teardown(makeRoom)
  for (const id of ['one', 'two']) {
    log.append(lineOf(id))
  }
  await until(() => log.state().error === 'EFBIG')
  return { file, log, makeRoom }
}

t.test('cut by a full disk and a kill: the next process begins a line', async (t) => {
  const { file, log, makeRoom } = await cutByFullDisk(t)
  // As of a process that is gone: nothing of it is written any more.
  const left = await readFile(file)
  makeRoom()
  await log.close(5_000)
  await writeFile(file, left)
  await write(file, 'next')
  t.strictSame(await read(file), ['one', 'broken', 'next'])
})

t.test('cut by a full disk, then room again: the same process ends the line', async (t) => {
  const { file, log, makeRoom } = await cutByFullDisk(t)
  makeRoom()
  await log.close(5_000)
  t.strictSame(await read(file), ['one', 'two'])
})

for (const [how, rotate] of Object.entries({
  'renamed, and a hang-up': async (file: string) => rename(file, `${file}.1`),
  'a hang-up without a rename': async () => {},
})) {
  t.test(`cut by a full disk, then ${how}: the record stands whole behind the cut one`, async (t) => {
    const file = newFile(t)
    const log = await LineFile.open(file, tellLost)
    const makeRoom = fillDisk(process.pid, whole.length + 20)
    t.teardown(makeRoom)
    for (const id of ['one', 'two']) {
      log.append(lineOf(id))
    }
    await until(() => log.state().error === 'EFBIG')
    await rotate(file)
    log.rotate()
    makeRoom()
    await until(() => log.state().waiting === 0)
    await log.close(5_000)
    const old = await readFile(`${file}.1`).then(
      () => read(`${file}.1`),
      () => [],
    )
    t.strictSame([...old, ...(await read(file))], ['one', 'broken', 'two'])
  })
}

t.test('another process leaves a cut line in the file while this one has it open', async (t) => {
  const file = newFile(t)
  const log = await LineFile.open(file, tellLost)
  log.append(lineOf('one'))
  log.flush()
  await until(() => log.state().waiting === 0)
  await appendFile(file, whole.slice(0, 30))
  log.append(lineOf('two'))
  await log.close(5_000)
  t.strictSame(await read(file), ['one', 'broken', 'two'])
})

t.test('a file that is renamed onto the name, with a cut line at its end', async (t) => {
  const file = newFile(t)
  const log = await LineFile.open(file, tellLost)
  await writeFile(`${file}.other`, lineOf('other') + whole.slice(0, 30))
  await rename(`${file}.other`, file)
  log.rotate()
  log.append(lineOf('one'))
  await log.close(5_000)
  t.strictSame(await read(file), ['other', 'broken', 'one'])
})
