import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { problemFaults } from '../support/problem.ts'
import { goodParts, type RawAnswer, rawPost, sendRaw } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const service = await startService(t, subject)
const { good, body } = await goodParts(subject.callers)
const ground = {
  load: { urls: [service.url], token: await subject.callers.token() },
  recipient: subject.recipient,
}

/** A request of which a byte leaves five times a second, from some place on: too slowly to arrive in time. */
function slowly(request: Buffer, from: number): (Buffer | number)[] {
  const late = Array.from(request.subarray(from), (byte) => [200, Buffer.from([byte])])
  return [request.subarray(0, from), ...late.flat()]
}

const request = rawPost(good, body)
for (const [what, from] of [
  ['headers', 30],
  ['a body', request.length - body.length],
] as const) {
  t.test(`clients that send ${what} slowly`, async (t) => {
    let slow: Promise<RawAnswer[]>[] = []
    await tryFault(t, ground, {
      fault: `50 clients that send ${what} slowly`,
      codes: [],
      cause: async () => {
        slow = Array.from({ length: 50 }, () => sendRaw(service.url, slowly(request, from)))
      },
      lastsMs: 3_000,
      cure: () => Promise.all(slow),
      afterMs: 2_500,
    })
    const answers = (await Promise.all(slow)).flat()
    t.strictSame(new Set(answers.map(({ status }) => status)), new Set([408]))
    t.equal(answers.length, 50, 'each is told that it took too long')
    t.strictSame(problemFaults(answers[0] as RawAnswer), [])
  })
}

/** Connections that are opened and left alone, reset at the end of the test. */
async function connections(t: Test, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(service.url)
  const sockets = Array.from({ length: count }, () => connect({ host: hostname, port: Number(port) }))
  t.teardown(() => {
    for (const socket of sockets) {
      socket.resetAndDestroy()
    }
  })
  await Promise.allSettled(
    sockets.map((socket) => {
      socket.on('error', () => {})
      return once(socket, 'connect')
    }),
  )
  return sockets
}

t.test('clients that never read their answers', (t) =>
  tryFault(t, ground, {
    fault: '20 clients that ask for 400 answers and never read one',
    codes: [],
    async cause() {
      const question = Buffer.from('GET /openapi.json HTTP/1.1\r\nHost: padlock.test\r\n\r\n'.repeat(20))
      for (const socket of await connections(t, 20)) {
        socket.pause()
        socket.write(question)
      }
    },
    lastsMs: 4_000,
    cure: async () => {},
    afterMs: 2_500,
  }),
)

t.test('no file descriptor is left', async (t) => {
  const open = execFileSync('ls', [`/proc/${service.process.pid}/fd`])
    .toString()
    .trim()
    .split('\n').length
  execFileSync('prlimit', ['--pid', String(service.process.pid), `--nofile=${open + 30}`])
  // One that says nothing is closed in time: others take its place.
  let more: NodeJS.Timeout | undefined
  t.teardown(() => clearInterval(more))
  const sockets: Socket[] = []
  await tryFault(
    t,
    // Its one connection is there before: no new one can be had, by whomever.
    { ...ground, load: { ...ground.load, connections: 1 } },
    {
      fault: 'File descriptors of Padlock exhausted by idle connections, and freed',
      codes: [],
      async cause() {
        const take = async () => sockets.push(...(await connections(t, 100)))
        await take()
        more = setInterval(take, 250)
      },
      lastsMs: 5_000,
      async cure() {
        clearInterval(more)
        for (const socket of sockets) {
          socket.destroy()
        }
      },
    },
  )
  t.equal(service.process.exitCode, null, JSON.stringify(service.log.slice(-3)))
  t.equal((await fetch(`${service.url}/health/live`)).status, 200, 'and new connections are taken again')
})
