import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { profileCommands } from '../support/profiles.ts'

// A command that is killed between any two of its writes is finished, or reported as done, by running it again.

const commands = await profileCommands(t)
const { vault, profile, recipient, stored, create, newKey } = commands
const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** Stands between a command and Vault, and kills the command at one of its writes. */
let victim: { process: ChildProcess; write: number; when: 'before' | 'after' | 'interrupt' } | undefined
let writes = 0

async function toVault(request: IncomingMessage, body: Buffer) {
  const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
  const answer = await fetch(`${vault.address}${request.url}`, {
    method: request.method as string,
    headers: headers as Record<string, string>,
    ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
  })
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) }
}

const proxy = createServer(async (request, response) => {
  const body = await buffer(request)
  const isWrite = request.method !== 'GET'
  if (isWrite) {
    writes += 1
  }
  const isTime = isWrite && victim !== undefined && writes === victim.write
  if (isTime && victim?.when === 'before') {
    return void victim.process.kill('SIGKILL')
  }
  if (isTime && victim?.when === 'interrupt') {
    const { process: child } = victim
    const noticed = once(child.stderr as Readable, 'data')
    child.kill('SIGINT')
    await noticed
  }
  const answer = await toVault(request, body)
  if (isTime && victim?.when === 'after') {
    return void victim?.process.kill('SIGKILL')
  }
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
})
proxy.listen(0, '127.0.0.1')
await once(proxy, 'listening')
t.teardown(() => proxy.close())
const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

/** Runs a command as a process that is killed at its n-th write. @returns false when it ended before */
async function killedAt(args: string[], write: number, when: 'before' | 'after'): Promise<boolean> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...commands.env, PATH: process.env.PATH, VAULT_ADDR: address },
    stdio: 'ignore',
  })
  writes = 0
  victim = { process: child, write, when }
  const [code] = await once(child, 'exit')
  victim = undefined
  return code === null
}

interface Case {
  /** what is there before: gives the arguments, and what must be so at the end */
  prepare(name: string): Promise<{ args: string[]; isDone: () => Promise<boolean> }>
  /** how many writes it makes; 1 unless told */
  writes?: number
  /** the exit code where it had been done before it was killed; 0 unless told */
  again?: number
}

const settings = async (name: string) => (await stored(name)).data
const cases: Record<string, Case> = {
  create: {
    prepare: async (name) => {
      const { file } = await newKey()
      const args = ['create', name, '--issuer', 'https://x.test', '--recipient-key', file, '--yes']
      return {
        args: ['profile', ...args],
        isDone: async () => (await settings(name))?.signingKeyVersion === 1,
      }
    },
    writes: 2,
    again: 1,
  },
  update: {
    prepare: async (name) => {
      await create(name)
      const args = ['profile', 'update', name, '--set', 'tokenTtlSeconds=90', '--yes']
      return { args, isDone: async () => (await settings(name)).tokenTtlSeconds === 90 }
    },
  },
  rollback: {
    prepare: async (name) => {
      await create(name)
      await profile(['update', name, '--set', 'tokenTtlSeconds=90', '--yes'])
      const args = ['profile', 'rollback', name, '--to', '1', '--yes']
      return { args, isDone: async () => (await settings(name))?.tokenTtlSeconds === 60 }
    },
  },
  delete: {
    prepare: async (name) => {
      await create(name)
      const args = ['profile', 'delete', name, '--confirm', name, '--yes']
      return {
        args,
        isDone: async () => (await settings(name)) === undefined || (await settings(name)) === null,
      }
    },
    again: 1,
  },
  'rollback of a deletion': {
    prepare: async (name) => {
      await create(name)
      await profile(['delete', name, '--confirm', name, '--yes'])
      const args = ['profile', 'rollback', name, '--to', '1', '--yes']
      return { args, isDone: async () => (await settings(name))?.tokenTtlSeconds === 60 }
    },
  },
  'recipient add': {
    prepare: async (name) => {
      await create(name)
      const { file, thumbprint } = await newKey()
      const isDone = async () => Object.hasOwn((await settings(name)).recipientKeys, thumbprint)
      return { args: ['recipient', 'add', name, file, '--yes'], isDone }
    },
  },
  'recipient activate': {
    prepare: async (name) => {
      await create(name)
      const { file, thumbprint, fingerprint } = await newKey()
      await recipient(['add', name, file, '--yes'])
      const args = ['recipient', 'activate', name, '--fingerprint', fingerprint, '--yes']
      return { args, isDone: async () => (await settings(name)).activeRecipientKey === thumbprint }
    },
  },
  'recipient remove': {
    prepare: async (name) => {
      await create(name)
      const { file, fingerprint, thumbprint } = await newKey()
      await recipient(['add', name, file, '--yes'])
      const isDone = async () => !Object.hasOwn((await settings(name)).recipientKeys, thumbprint)
      return { args: ['recipient', 'remove', name, fingerprint, '--yes'], isDone }
    },
    again: 1,
  },
}

t.test('Ctrl-C while it writes: what is under way is finished, and told', async (t) => {
  await create('finished')
  const args = ['profile', 'update', 'finished', '--set', 'tokenTtlSeconds=90', '--yes', '--output', 'json']
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...commands.env, PATH: process.env.PATH, VAULT_ADDR: address },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = Promise.all([text(child.stdout), text(child.stderr)])
  writes = 0
  victim = { process: child, write: 1, when: 'interrupt' }
  const [code] = await once(child, 'exit')
  victim = undefined
  const [stdout, stderr] = await told
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { changed: true, version: 2 })
  t.match(stderr, /Finishing what is under way/)
})

let count = 0
for (const [what, { prepare, writes: all = 1, again = 0 }] of Object.entries(cases)) {
  t.test(what, async (t) => {
    for (let write = 1; write <= all; write++) {
      for (const when of ['before', 'after'] as const) {
        count += 1
        const { args, isDone } = await prepare(`shop-${count}`)
        const moment = `killed ${when} write ${write}`
        t.ok(await killedAt(args, write, when), moment)
        const wasDone = await isDone()
        const [group, ...rest] = args
        const { exitCode, stderr } = await (group === 'profile' ? profile(rest) : recipient(rest))
        t.equal(exitCode, wasDone ? again : 0, `${moment}: ${stderr}`)
        t.ok(await isDone(), `${moment}: done in the end`)
      }
    }
  })
}
