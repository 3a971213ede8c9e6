import { generateKeyPairSync } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { findVaultBinary } from '../../tools/vault/vault-binary.ts'
import { padlockProcess } from '../support/key-command.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/wait.ts'
import { RaftNode } from './harness/raft-node.ts'
import { testFolder, testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const { product } = await findVaultBinary()
const skip = product === 'Vault' && 'standbys of Vault Community serve no reads: SERVER=openbao'
const dir = await testFolder(t)
const nodes = skip ? [] : await RaftNode.cluster(t, dir)
const [first] = nodes as [RaftNode]
const { rootToken } = (first?.keys ?? { rootToken: '' }) as { rootToken: string }

/** A balancer that hands each request to the next node in turn, and to another one where that cannot be reached. */
async function roundRobin(): Promise<string> {
  let next = 0
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => {
      const send = (left: number) => {
        const { hostname, port } = new URL((nodes[next++ % nodes.length] as RaftNode).address)
        const options = {
          hostname,
          port,
          path: incoming.url,
          method: incoming.method,
          headers: incoming.headers,
        }
        const onward = request(options, (answer) => {
          outgoing.writeHead(answer.statusCode as number, answer.headers)
          answer.pipe(outgoing)
        })
        onward.once('error', () => (left > 0 ? send(left - 1) : outgoing.destroy()))
        onward.end(Buffer.concat(chunks))
      }
      send(nodes.length - 1)
    })
  })
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await until(async () => server.listening)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const balancer = await roundRobin()
// No service runs here: `key activate` need not wait for one.
const env = {
  PATH: process.env.PATH,
  PADLOCK_PROFILE_REFRESH_SECONDS: '1',
  VAULT_ADDR: balancer,
  VAULT_TOKEN: rootToken,
  HOME: dir,
}
const recipientFile = join(dir, 'recipient.pem')
const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
await writeFile(recipientFile, recipient.export({ type: 'spki', format: 'pem' }))

t.test('set-up and a whole rotation through a balancer, ten times out of ten', { skip }, async (t) => {
  for (let i = 1; i <= 10; i++) {
    const mounts = ['--transit-mount', `transit-${i}`, '--kv-mount', `kv-${i}`]
    const padlock = async (...args: string[]) => {
      const outcome = await padlockProcess([...args, ...mounts, '--output', 'json'], env)
      if (outcome.exitCode !== 0) {
        throw new Error(`${args.join(' ')}: ${outcome.stderr}`)
      }
      return JSON.parse(outcome.stdout)
    }
    const key = (...args: string[]) => padlock('key', ...args)
    const files = { role: join(dir, `role-${i}`), secret: join(dir, `secret-${i}`) }
    await padlock(
      ...['setup', '--issuer', 'https://shop.test', '--recipient-key', recipientFile, '--yes'],
      ...[
        '--policy-prefix',
        `padlock-${i}`,
        '--approle-mount',
        `approle-${i}`,
        '--role-id-out',
        files.role,
        '--secret-id-out',
        files.secret,
      ],
    )
    const [roleId, secretId] = await Promise.all(
      [files.role, files.secret].map(async (file) => (await readFile(file, 'utf8')).trim()),
    )
    const login = () => first.api('POST', `auth/approle-${i}/login`, { role_id: roleId, secret_id: secretId })
    t.equal((await login()).status, 200, 'what was written logs in')

    const staged = await key('stage', 'default', '--yes')
    const stored = (await first.api('GET', `transit-${i}/keys/padlock-default`)).body.data
    t.match(staged, { version: 2, made: true })
    const exported = await key('export', 'default', '2')
    t.equal(
      exported.publicKey.trim(),
      stored.keys[2].public_key.trim(),
      'the key of the version that was made',
    )
    t.equal(exported.fingerprint, staged.fingerprint)
    await key('activate', 'default', '2', '--acknowledged', staged.fingerprint, '--yes')
    const profile = (await first.api('GET', `kv-${i}/data/padlock/profiles/default`)).body.data.data
    t.equal(profile.signingKeyVersion, 2)
    const listed = await key('list', 'default')
    t.match(JSON.stringify(listed), /"version":2,"state":"active"/)
    await rm(files.secret)
  }
})

t.test('the leader is killed, and the service asks every node in turn', { skip }, async (t) => {
  const subject = await testSubject(t, { address: first.address, rootToken })
  const token = await subject.callers.token()
  // Standbys learn of what was made a moment later.
  await sleep(1_000)
  const service = await startService(t, subject, { VAULT_ADDR: balancer })
  await tryFault(
    t,
    { load: { urls: [service.url], token }, recipient: subject.recipient },
    {
      fault: 'Leader of a three-node cluster killed whose standbys serve reads, each node asked in turn',
      codes: ['vault_unavailable', 'vault_timeout', 'vault_sealed'],
      cause: async () => {
        for (const node of nodes) {
          if ((await node.health()) === 200) {
            await node.kill()
          }
        }
      },
      lastsMs: 0,
      cure: () =>
        until(async () => {
          const statuses = await Promise.all(nodes.map((node) => node.health()))
          return statuses.includes(200)
        }),
    },
  )
})
