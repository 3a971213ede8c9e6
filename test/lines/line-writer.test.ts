import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { LineWriter } from '../../src/lines/line-writer.ts'
import { until } from '../support/wait.ts'

t.test('an output that hangs holds nobody up', async (t) => {
  const fifo = join(t.testdir({}), 'fifo')
  execFileSync('mkfifo', [fifo])
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const file = await open(fifo, 'w')
  const writer = new LineWriter({
    ready: async () => false,
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    close: () => file.close(),
  })
  const lines = writer.channel(({ lines }) => `lost ${lines}\n`, 8 * 1024 * 1024)
  // More than a pipe holds, and nobody reads.
  for (let i = 0; i < 3_000; i++) {
    lines.append(`${'x'.repeat(99)}\n`)
  }
  lines.flush()
  await until(() => lines.state().error === 'EHUNG')
  t.ok(lines.append('one more\n'), 'it is taken')
  const start = performance.now()
  await writer.close(100)
  t.notOk(writer.isSettled)
  t.ok(performance.now() - start < 5_000)
  // Lets the thread go that writes.
  const drain = Buffer.alloc(65_536)
  for (let quiet = 0; quiet < 20; ) {
    try {
      quiet = readSync(reader, drain) > 0 ? 0 : quiet + 1
    } catch {
      quiet += 1
    }
    await sleep(5)
  }
  closeSync(reader)
  await file.close()
})

t.test('of several kinds the newest goes first, and no line stands inside another', async (t) => {
  const written: string[] = []
  let open = Promise.withResolvers<void>()
  const writer = new LineWriter({
    ready: async () => false,
    async write(bytes) {
      await open.promise
      // Seven bytes at a time, which is no end of a line.
      written.push(bytes.subarray(0, 7).toString())
      return Math.min(7, bytes.length)
    },
    close: async () => {},
  })
  const log = writer.channel(() => 'lost\n', 1_000)
  const issuance = writer.channel(() => 'lost\n', 1_000)
  log.append('the log, first line\n')
  log.flush()
  await sleep(0)
  log.append('the log, second line\n')
  issuance.append('the issuance log\n')
  open.resolve()
  open = Promise.withResolvers()
  open.resolve()
  await writer.close(5_000)
  t.equal(written.join(''), 'the log, first line\nthe issuance log\nthe log, second line\n')
})

t.test('a line shows a terminal nothing to obey, hide or turn round, and is the same data', async (t) => {
  const written: string[] = []
  const writer = new LineWriter({
    ready: async () => false,
    write: async (bytes) => written.push(bytes.toString()) && bytes.length,
    close: async () => {},
  })
  const lines = writer.channel(() => 'lost\n', 1_000_000)
  const record = {
    '\u2066': [
      '\u202e',
      '\u2028',
      '\u2029',
      '\u007f',
      '\u009b31m',
      '\u001b]8;;x\u0007',
      '\u0000',
      '\u200b',
      '\ufeff',
    ],
    sub: 'a\b\t\r\n\ud800\udc00\ue000\u{e0041}\u{1f600}',
    plain: 'Zoë 李 \\u202e "',
  }
  lines.append(`${JSON.stringify(record)}\n`)
  await writer.close(1_000)
  const line = written.join('')
  t.match(line, /^[^\p{C}\u2028\u2029]+\n$/u, 'nothing but printable characters, and one line feed')
  t.match(line, 'Zoë 李', 'letters stay')
  t.same(JSON.parse(line), record)
})

t.test(
  'whoever waits for lines goes on once the output has them, or as soon as it fails or hangs',
  async (t) => {
    let held = Promise.withResolvers<void>()
    const taken: string[] = []
    const writer = new LineWriter({
      ready: async () => false,
      async write(bytes) {
        await held.promise
        taken.push(bytes.toString())
        return bytes.length
      },
      close: async () => {},
    })
    const lines = writer.channel(() => 'lost\n', 1_000)
    const outcomes: boolean[] = []
    const wait = async (line: string, withinMs = 30_000) => {
      lines.append(line)
      outcomes.push(await lines.written(withinMs))
    }
    const first = wait('1\n')
    const later = [wait('2\n'), wait('3\n')]
    await sleep(0)
    t.strictSame([outcomes, taken], [[], []])
    held.resolve()
    await Promise.all([first, ...later])
    t.strictSame([outcomes.splice(0), taken.splice(0)], [[true, true, true], ['1\n2\n3\n']])

    held = Promise.withResolvers()
    const hanging = [wait('4\n', 1), wait('5\n', 30_000)]
    await hanging[0]
    t.strictSame(outcomes.splice(0), [false])
    await wait('6\n', 1)
    t.strictSame(outcomes.splice(0), [false], 'the time of the write under way counts')
    held.reject(Object.assign(new Error(), { code: 'ENOSPC' }))
    await hanging[1]
    t.strictSame(outcomes.splice(0), [false])

    held = Promise.withResolvers()
    held.resolve()
    await wait('7\n')
    t.strictSame([outcomes, taken], [[true], ['4\n5\n', '6\n7\n']])
    await writer.close(5_000)
  },
)
