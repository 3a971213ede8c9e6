import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import {
  compose,
  containerOf,
  docker,
  ended,
  eventually,
  figure,
  inspect,
  processOf,
} from '../support/engine.ts'
import { block } from '../support/readme.ts'

const KIB = 1024
const name = 'padlock-production-test'
const url = 'http://127.0.0.1:3000'

t.teardown(() => compose('down', '--volumes', '--timeout', '5'))
t.teardown(() => docker('rm', '--force', name).catch(() => ''))

await compose('up', '--detach', '--no-build')
await ended('first-token')
const callerToken = (
  await docker('cp', `${await containerOf('first-token')}:/run/handover/caller.jwt`, '-')
).match(/eyJ[\w.-]+/)?.[0]
await compose('stop', 'padlock')

const cwd = await mkdtemp(join(tmpdir(), 'padlock-run-'))
t.teardown(() => rm(cwd, { recursive: true, force: true }))
const serve = await block('serve', new URL('../../docs/go-live.md', import.meta.url))

/** Processor time of the start until it listens, in seconds. */
let start = 0

t.test("the page's docker run brings the service up, on this Vault, with 256 MiB and no more", async (t) => {
  const file = /<<'END'\n(.*?\n)END\n/s.exec(serve)?.[1] as string
  const ours = await inspect(await containerOf('padlock'))
  const of = (variable: string) =>
    ours.Config.Env.find((pair: string) => pair.startsWith(`${variable}=`)) as string
  const lines = file
    .trimEnd()
    .split('\n')
    .map((line) => of(line.split('=')[0] as string))
  lines.push(of('PADLOCK_ALLOW_INSECURE_VAULT'), of('PADLOCK_ALLOW_INSECURE_JWKS'))
  await writeFile(join(cwd, 'padlock.env'), `${lines.join('\n')}\n`)

  const [printed = ''] = /^docker run (?:.*\\\n)*.*$/m.exec(serve) ?? []
  const command = printed
    .replace('--volume /etc/padlock:', '--volume padlock_credentials:')
    .replace(
      'docker run',
      `docker run --detach --name ${name} --network padlock_default --memory 256m --memory-swap 256m`,
    )
  t.match(command, /--read-only --cap-drop ALL --security-opt no-new-privileges padlock$/)
  await promisify(execFile)('bash', ['-eu', '-c', command], { cwd })

  const logs = spawn('docker', ['logs', '--follow', name], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(logs.stdout)) {
    if (line.includes('"listening"')) {
      start = (await processOf(name)).seconds
      break
    }
  }
  logs.kill()
  await figure(`start to listening in the container: ${start.toFixed(2)} s of processor time`)
  await eventually(async () => (await fetch(`${url}/health/ready`)).ok || undefined)
  const found = await processOf(name)
  t.equal(found.field('NoNewPrivs'), '1')
  t.equal(Number.parseInt(found.field('CapBnd'), 16), 0)
  t.match(found.mount('/'), /^ro,/)
})

async function issue(userId: string): Promise<number> {
  const answer = await fetch(`${url}/v1/profiles/default/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${callerToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userId }),
  })
  await answer.arrayBuffer()
  return answer.status
}

const memory = async (field: 'VmRSS' | 'VmHWM') =>
  Number.parseInt((await processOf(name)).field(field), 10) * KIB

t.test('it rests in 192 MiB', async (t) => {
  t.equal(await issue('customer-8714'), 200)
  const rest = await memory('VmRSS')
  t.ok(rest <= 192 * KIB * KIB, `${rest} bytes`)
  await figure(`memory at rest: ${Math.round(rest / KIB / KIB)} MiB`)
})

t.test('ten seconds of load at 128 connections leave it within 256 MiB', async (t) => {
  const end = performance.now() + 10_000
  const statuses = new Map<number, number>()
  const connection = async (number: number) => {
    for (let i = 0; performance.now() < end; i++) {
      const status = await issue(`customer-${number}-${i}`)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 128 }, (_, number) => connection(number)))
  const issued = statuses.get(200) ?? 0
  const most = await memory('VmHWM')
  await figure(`${issued} tokens in 10 s at 128 connections: at most ${Math.round(most / KIB / KIB)} MiB`)
  t.ok(issued > 100, JSON.stringify([...statuses]))
  const { State, RestartCount } = await inspect(name)
  t.strictSame([State.Running, State.OOMKilled, RestartCount], [true, false, 0])
  t.ok(most <= 256 * KIB * KIB, `${most} bytes`)
})

t.test('Docker finds it healthy, it has written nothing, and it ends well', async (t) => {
  await eventually(async () => (await inspect(name)).State.Health.Status === 'healthy' || undefined)
  t.equal(await docker('diff', name), '')
  await docker('stop', name)
  const { State } = await inspect(name)
  t.strictSame([State.ExitCode, State.OOMKilled], [0, false])
})
