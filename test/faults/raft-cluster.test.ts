import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { findVaultBinary } from '../../tools/vault/vault-binary.ts'
import { startService } from '../support/service.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/wait.ts'
import { RaftNode } from './harness/raft-node.ts'
import { testFolder, testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const { product } = await findVaultBinary()
const dir = await testFolder(t)
const nodes = await RaftNode.cluster(t, dir)
const [first] = nodes as [RaftNode]
const { rootToken } = first.keys as { rootToken: string }
const subject = await testSubject(t, { address: first.address, rootToken })
const token = await subject.callers.token()

/** The node that answers as the active one, if there is any. */
async function active(): Promise<RaftNode | undefined> {
  const statuses = await Promise.all(nodes.map((node) => node.health()))
  return nodes.find((_node, i) => statuses[i] === 200)
}

/** Sends new connections where the leader is, as a balancer does that asks `sys/health`. */
async function balance(proxy: TcpProxy, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    proxy.target = (await active())?.address
    await sleep(100)
  }
}

/** Kills the leader; all is well again when another one answers. */
async function killLeader(): Promise<RaftNode> {
  const leader = (await active()) as RaftNode
  await leader.kill()
  return leader
}
const newLeader = () => until(active)

t.test('the leader is killed, behind a balancer', async (t) => {
  const proxy = await tcpProxy(t, first.address)
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  void balance(proxy, stop.signal)
  const service = await startService(t, subject, { VAULT_ADDR: proxy.address })
  let killed: RaftNode | undefined
  await tryFault(
    t,
    { load: { urls: [service.url], token }, recipient: subject.recipient },
    {
      fault:
        "Leader of a three-node raft cluster killed, behind a balancer (from a new leader's first answer)",
      codes: ['vault_unavailable', 'vault_timeout', 'vault_sealed'],
      cause: async () => {
        killed = await killLeader()
      },
      lastsMs: 0,
      cure: newLeader,
    },
  )
  await killed?.restart()
  await until(async () => {
    await killed?.api('PUT', 'sys/unseal', { key: first.keys?.unsealKey })
    return (await killed?.health()) === 429
  })
})

t.test('the leader is killed, and Padlock asks a standby', async (t) => {
  const leader = await active()
  const standby = nodes.find((node) => node !== leader) as RaftNode
  const service = await startService(t, subject, { VAULT_ADDR: standby.address })
  await tryFault(
    t,
    { load: { urls: [service.url], token }, recipient: subject.recipient },
    {
      fault:
        "Leader of a three-node raft cluster killed, through a standby (from a new leader's first answer)",
      codes: ['vault_unavailable', 'vault_timeout', 'vault_sealed'],
      // Vault's forwards to the leader. OpenBao's signs itself, and only where it becomes the leader it pauses.
      maybeUnnoticed: product === 'OpenBao',
      cause: killLeader,
      lastsMs: 0,
      cure: newLeader,
    },
  )
})
