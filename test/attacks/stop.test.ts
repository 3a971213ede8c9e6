import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pMap from 'p-map'
import t, { type Test } from 'tap'
import { testRole } from '../support/app-role.ts'
import { blockedService, pipeOutput, socketOutput } from '../support/blocked-output.ts'
import { asProcessOne, childOf } from '../support/process-one.ts'
import { startService, testBackend } from '../support/service.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'
import { until } from '../support/wait.ts'

// A signal ends whatever runs; a reader who is gone or a server that is silent does not keep it.

const root = join(import.meta.dirname, '../..')
const backend = await testBackend(t)

type End = [number | null, NodeJS.Signals | null]

/** A server that takes connections and never answers. */
async function silentServer(t: Pick<Test, 'teardown'>): Promise<{ url: string; reached: () => boolean }> {
  let reached = false
  const server = createServer((socket) => {
    reached = true
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, reached: () => reached }
}

interface Started {
  child: ChildProcess
  /** sends a signal to the command itself */
  signal(signal: NodeJS.Signals): void
  /** waits until the command has handlers of its own; before, no process 1 can be told anything */
  listening(): Promise<void>
  ended: Promise<End>
}

function start(t: Test, args: string[], env: Record<string, string>, one: boolean): Started {
  const words = [...((one && asProcessOne) || []), process.execPath, 'src/main.ts', ...args]
  const child = spawn(words[0] as string, words.slice(1), {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdout?.resume()
  t.teardown(() => child.kill('SIGKILL'))
  const pid = () => (one ? childOf(child.pid as number) : (child.pid as number))
  return {
    child,
    signal: (signal) => process.kill(pid(), signal),
    listening: () => until(() => catchesHangUp(pid()).catch(() => false)),
    ended: once(child, 'exit') as Promise<End>,
  }
}

/** Whether a process has a handler for SIGHUP, for which Node itself has none (proc(5), SigCgt). */
async function catchesHangUp(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return (BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1]}`) & 1n) === 1n
}

/** As a shell sees the end: unshare gives on how its child ended, or 128 and the signal. */
const codeOf = ([code, signal]: End) => code ?? 128 + constants.signals[signal as NodeJS.Signals]

const silent = await silentServer(t)
const vault = { VAULT_ADDR: silent.url, VAULT_TOKEN: 'x' }
/** Commands that wait for ever, for Vault, for Padlock or for standard input. */
const waiting: Record<string, { args: string[]; env: Record<string, string> }> = {
  'profile list': { args: ['profile', 'list'], env: vault },
  'key list': { args: ['key', 'list', 'default'], env: vault },
  'recipient list': { args: ['recipient', 'list', 'default'], env: vault },
  'recipient add, from standard input': { args: ['recipient', 'add', 'default', '-', '--yes'], env: vault },
  setup: { args: ['setup', '--issuer', 'https://shop.test', '--recipient-key', '-', '--yes'], env: vault },
  'audit subject': { args: ['audit', 'subject', '--issuance-log', 'package.json'], env: vault },
  'audit find': { args: ['audit', 'find', 'a'.repeat(43), '--log', '-'], env: vault },
  'token inspect': { args: ['token', 'inspect'], env: {} },
  'token issue': {
    args: ['token', 'issue', 'default', '--user-id-file', 'package.json'],
    env: { PADLOCK_URL: silent.url, PADLOCK_CALLER_TOKEN: 'x' },
  },
}

for (const one of [false, true]) {
  const options = { skip: one && !asProcessOne ? 'no namespace of process ids can be made here' : false }
  t.test(one ? 'as process 1' : 'as a process of a shell', options, async (t) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
    const runs = Object.entries(waiting).flatMap(([name, command], index) =>
      // Every signal once, and then in turns: each run takes a second of processor time.
      (index === 0 ? signals : [signals[index % 2] as NodeJS.Signals]).map((signal) => ({
        ...{ name, signal, ...command },
      })),
    )
    await pMap(
      runs,
      async ({ name, signal, args, env }) => {
        const command = start(t, args, env, one)
        await command.listening()
        // Some while it loads, and some while it waits for the other side.
        await sleep(Math.random() * 2_000)
        t.equal(command.child.exitCode, null, `${name}: it waits`)
        command.signal(signal)
        t.equal(codeOf(await command.ended), 128 + constants.signals[signal], `${name}: ${signal}`)
      },
      { concurrency: 3 },
    )

    t.test('serve while it loads', async (t) => {
      const service = start(t, ['serve'], backend.env, one)
      let log = ''
      service.child.stdout?.on('data', (part) => {
        log += part
      })
      await service.listening()
      service.signal('SIGTERM')
      t.equal(codeOf(await service.ended), 143)
      t.notMatch(log, 'listening')
    })

    t.test('serve while Vault is silent, and a second signal', async (t) => {
      const env = { ...backend.env, VAULT_ADDR: silent.url, PADLOCK_DRAIN_DELAY_MS: '60000' }
      const service = start(t, ['serve'], { ...env, PADLOCK_GRACE_PERIOD_MS: '600000' }, one)
      let log = ''
      service.child.stdout?.on('data', (part) => {
        log += part
      })
      await until(() => log.includes('listening'))
      service.signal('SIGTERM')
      await until(() => log.includes('"stopping"'))
      service.signal('SIGINT')
      t.equal(codeOf(await service.ended), 130)
    })
  })
}

t.test('a second Ctrl-C ends what must not be left half done', async (t) => {
  for (const one of asProcessOne ? [false, true] : [false]) {
    const stand = await vaultStandIn(t, backend.vault.address)
    const reached = Promise.withResolvers<void>()
    stand.answer = async (call) => {
      if (call.method === 'GET') {
        return call.forward()
      }
      reached.resolve()
      return new Promise(() => {})
    }
    const env = { VAULT_ADDR: stand.address, VAULT_TOKEN: backend.vault.rootToken }
    const args = ['profile', 'update', 'default', '--set', 'tokenTtlSeconds=90', '--yes']
    const command = start(t, args, env, one)
    let told = ''
    command.child.stderr?.on('data', (part) => {
      told += part
    })
    await reached.promise
    command.signal('SIGINT')
    await until(() => told.includes('Finishing'))
    command.signal('SIGINT')
    t.equal(codeOf(await command.ended), 130, one ? 'as process 1' : '')
  }
})

const logs = { 'the log alone': {}, 'the issuance log too': { PADLOCK_ISSUANCE_LOG: 'stdout' } }
for (const [name, output] of Object.entries({ pipe: pipeOutput, socket: socketOutput })) {
  for (const [what, env] of Object.entries(logs)) {
    t.test(
      `a full ${name} that nobody reads, ${what}: gone in time, and the code says that lines are lost`,
      async (t) => {
        const service = await blockedService(t, backend, output(t), {
          ...env,
          PADLOCK_GRACE_PERIOD_MS: '2000',
          PADLOCK_REQUEST_DEADLINE_MS: '1500',
        })
        // More than a pipe or a socket holds.
        await service.load(800)
        service.child.kill('SIGTERM')
        t.strictSame(await service.ended, [4, null])
      },
    )
  }
}

t.test('a stop while a thread of the pool is blocked: its exit code, and no core', async (t) => {
  const script = `
    const { leave } = await import('./src/cli/process.ts')
    const fs = await import('node:fs')
    const writer = fs.openSync(process.argv[1], 'r+')
    fs.write(writer, Buffer.alloc(1_000_000), () => {})
    setTimeout(() => leave(4), 100)`
  const fifo = join(t.testdir({}), 'fifo')
  execFileSync('mkfifo', [fifo])
  for (const before of asProcessOne ? [[], asProcessOne] : [[]]) {
    const words = [...before, process.execPath, '--input-type=module', '--eval', script, fifo]
    const child = spawn(words[0] as string, words.slice(1), { cwd: root, stdio: 'ignore' })
    t.teardown(() => child.kill('SIGKILL'))
    t.strictSame(await once(child, 'exit'), [4, null])
  }
})

t.test('SIGHUP is no end of a service, wherever its logs go', async (t) => {
  for (const log of [undefined, 'stdout', join(t.testdir({}), 'issuance.log')]) {
    const service = await startService(t, backend, log === undefined ? {} : { PADLOCK_ISSUANCE_LOG: log })
    service.process.kill('SIGHUP')
    const msg = log?.startsWith('/')
      ? 'SIGHUP: the issuance log is reopened'
      : 'SIGHUP: there is no file to reopen'
    await service.logged({ msg })
    t.equal((await service.issue({ userId: 'u-1' })).status, 200)
    service.process.kill('SIGTERM')
    t.strictSame(await once(service.process, 'exit'), [0, null])
    if (log?.startsWith('/')) {
      t.match(await readFile(log, 'utf8'), '"issued"')
    }
  }
})

t.test('a stop ends with the line `stopped`, behind the lines of the issuance log', async (t) => {
  const service = await startService(t, backend, {
    PADLOCK_ISSUANCE_LOG: 'stdout',
    // On a busy machine too, nothing is cut off.
    PADLOCK_GRACE_PERIOD_MS: '60000',
  })
  t.equal((await service.issue({ userId: 'customer-8714' })).status, 200)
  service.process.kill('SIGTERM')
  t.strictSame(await once(service.process, 'close'), [0, null])
  t.match(service.log.at(-1), { level: 'info', msg: 'stopped' })
  t.ok(service.log.some(({ event }) => event === 'issued'))
})

t.test('a stop that Vault keeps from revoking the token in time does not say that it was one', async (t) => {
  const standIn = await vaultStandIn(t, backend.vault.address)
  standIn.answer = (call) => (call.path === 'auth/token/revoke-self' ? new Promise(() => {}) : call.forward())
  const role = await testRole(backend.vault, 'cut-off')
  const service = await startService(t, backend, {
    ...{ VAULT_ADDR: standIn.address, VAULT_TOKEN: '', PADLOCK_VAULT_AUTH: 'approle' },
    ...{ PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() },
    // A fifth of it is for Vault, less than the call's own second.
    PADLOCK_GRACE_PERIOD_MS: '4000',
  })
  service.process.kill('SIGTERM')
  await once(service.process, 'close')
  t.ok(service.log.some(({ msg }) => msg === 'stopping'))
  t.notOk(service.log.some(({ msg }) => msg === 'stopped'))
})
