import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import {
  compose,
  containerOf,
  docker,
  ended,
  eventually,
  figure,
  inspect,
  processOf,
  root,
} from '../support/engine.ts'
import { block } from '../support/readme.ts'

/** The user, and the capabilities it may ever have, by service that runs. */
const running: Record<string, { uid: number; bounding: number }> = {
  padlock: { uid: 65532, bounding: 0 },
  recipient: { uid: 65532, bounding: 0 },
  // CAP_IPC_LOCK, which its program may carry as a file attribute (capabilities(7)).
  vault: { uid: 100, bounding: 1 << 14 },
}
const oneShots = ['prepare', 'setup', 'first-token']

/** What the last run of a service has written. */
async function lastLog(service: string): Promise<string> {
  const { State } = await inspect(await containerOf(service))
  return docker('logs', '--since', State.StartedAt, await containerOf(service))
}

/** Waits for the end of all that ends by itself, and checks that it ended well. */
async function allDone(t: Test): Promise<void> {
  for (const service of oneShots) {
    t.equal(await ended(service), 0, service)
    t.notMatch(await lastLog(service), /^\s+at /m, `${service} says it in sentences`)
  }
  t.match(await lastLog('first-token'), /^The recipient accepted a token that version 1/m)
}

t.teardown(() => compose('--profile', 'observability', 'down', '--volumes', '--timeout', '5'))

t.test('up leads to a first token', async (t) => {
  const start = performance.now()
  await compose('up', '--detach', '--no-build')
  await allDone(t)
  await figure(`docker compose up to the first token: ${((performance.now() - start) / 1000).toFixed(1)} s`)
})

t.test("the README's commands get a token of one's own", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'padlock-readme-'))
  t.teardown(() => rm(cwd, { recursive: true, force: true }))
  const env = { ...process.env, COMPOSE_FILE: join(root, 'docker-compose.yml') }
  const commands = ['-eu', '-c', `{ ${await block('docker')} } >&2; ${await block('ask')}`]
  const { stdout } = await promisify(execFile)('bash', commands, { cwd, env })
  const answer = JSON.parse(stdout)
  t.match(answer, { token: /^ey/, keyVersion: 1 })
  const { stdout: ignored } = await promisify(execFile)('git', ['check-ignore', 'caller.jwt'], { cwd: root })
  t.equal(ignored, 'caller.jwt\n')
})

t.test('the kernel says that what runs is hardened', async (t) => {
  for (const [service, { uid, bounding }] of Object.entries(running)) {
    const found = await processOf(await containerOf(service))
    t.strictSame(found.field('Uid').split('\t').map(Number), [uid, uid, uid, uid], `${service}: user`)
    t.equal(Number.parseInt(found.field('CapBnd'), 16), bounding, `${service}: capabilities`)
    t.equal(Number.parseInt(found.field('CapEff'), 16), 0, `${service}: effective capabilities`)
    t.equal(found.field('NoNewPrivs'), '1', `${service}: no new privileges`)
    t.equal(found.field('Seccomp'), '2', `${service}: a filter of system calls`)
    t.match(found.mount('/'), /^ro,/, `${service}: read-only root`)
  }
})

t.test('its ports are open on the loopback alone', async (t) => {
  const ports: string[] = []
  for (const service of Object.keys(running)) {
    const { NetworkSettings } = await inspect(await containerOf(service))
    const published = Object.values(NetworkSettings.Ports).flat() as { HostIp: string; HostPort: string }[]
    t.strictSame([...new Set(published.map(({ HostIp }) => HostIp))], ['127.0.0.1'], service)
    ports.push(
      ...published.map(({ HostPort }) => Number(HostPort).toString(16).toUpperCase().padStart(4, '0')),
    )
  }
  // State 0A is LISTEN; addresses are in the processor's byte order (proc(5)).
  const sockets = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')))
  const listening = Array.from(sockets.join('').matchAll(/: (\w+):(\w{4}) \w+:0000 0A /g)).filter(
    ([, , port]) => ports.includes(port as string),
  )
  t.equal(listening.length, ports.length)
  t.strictSame([...new Set(listening.map(([, address]) => address))], ['0100007F'])
})

t.test('no check is made more often than every five seconds, and what has one becomes healthy', async (t) => {
  for (const service of ['vault', 'padlock']) {
    const container = await containerOf(service)
    const { Config } = await inspect(container)
    t.ok(Config.Healthcheck.Interval >= 5e9, `${service}: every ${Config.Healthcheck.Interval / 1e9} s`)
    t.ok(Config.Healthcheck.StartPeriod >= 5e9, service)
    await eventually(async () => (await inspect(container)).State.Health.Status === 'healthy' || undefined)
  }
  const log = await docker('cp', `${await containerOf('vault')}:/vault/logs/audit.log`, '-')
  t.match(log, 'transit/sign/padlock-default')
  // By then, Vault has been checked.
  t.notMatch(log, /"path":"(secret\/config|sys\/(seal-status|health))"/)
})

t.test('the recipient names the port that this machine reaches', async (t) => {
  t.match(await lastLog('recipient'), 'The recipient listens at http://127.0.0.1:3100.')
})

t.test('a stop ends each by its signal, and up goes on', async (t) => {
  await compose('stop')
  for (const service of ['padlock', 'recipient', 'vault']) {
    const { State } = await inspect(await containerOf(service))
    t.strictSame([State.Status, State.ExitCode, State.OOMKilled], ['exited', 0, false], service)
  }
  await compose('up', '--detach', '--no-build')
  await allDone(t)
})

t.test('Vault alone stopped, which forgets all, and up again', async (t) => {
  await compose('stop', 'vault')
  await compose('up', '--detach', '--no-build')
  await allDone(t)
})

t.test('after a restart, all that ends by itself has ended well', async (t) => {
  await compose('restart')
  await allDone(t)
})

t.test('after down, up begins anew', async (t) => {
  await compose('down', '--volumes')
  t.equal(await docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.project=padlock'), '')
  t.equal(await docker('volume', 'ls', '--quiet', '--filter', 'label=com.docker.compose.project=padlock'), '')
  t.equal(
    await docker('network', 'ls', '--quiet', '--filter', 'label=com.docker.compose.project=padlock'),
    '',
  )
  await compose('up', '--detach', '--no-build')
  await allDone(t)
})

t.test('first-token says in one sentence what it waits for', async (t) => {
  await compose('stop', 'padlock')
  const container = await containerOf('first-token')
  await docker('start', container)
  const said = await eventually(async () => (await lastLog('first-token')) || undefined)
  t.match(said, /^Waiting for a token from Padlock at http:\/\/padlock:3000: [^\n]+\n$/)
  await compose('up', '--detach', '--no-build')
  t.equal(await ended('first-token'), 0)
})

t.test('with its profile, Prometheus reads Padlock and the alerts', async (t) => {
  const image = /prom\/prometheus:\S+/.exec(await readFile(join(root, 'docker-compose.yml'), 'utf8'))?.[0]
  await compose('--profile', 'observability', 'up', '--detach', '--no-build', 'prometheus')
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:9090/api/v1/${path}`)
    return ((await answer.json()) as { data: never }).data
  }
  await eventually(async () => {
    const { result } = (await ask('query?query=up')) as { result: { value: [number, string] }[] }
    return result[0]?.value[1] === '1' || undefined
  })
  const { groups } = (await ask('rules')) as { groups: { rules: { health: string }[] }[] }
  t.ok(groups.flatMap(({ rules }) => rules).length > 10, `rules in ${image}`)
  const prometheus = await processOf(await containerOf('prometheus'))
  t.equal(Number(prometheus.field('Uid').split('\t')[0]), 65534)
  t.match(prometheus.mount('/'), /^ro,/)
})
