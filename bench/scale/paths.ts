import { join } from 'node:path'
import { freePort } from '../../dev/free-port.ts'
import { startPadlock } from '../../dev/padlock-process.ts'
import { packagedProgram } from '../targets/padlock.ts'
import type { Cleanup } from '../targets/target.ts'
import { pin } from '../usage.ts'
import { startBalancers } from './balancer.ts'
import type { Cluster } from './cluster.ts'

/** Time enough for any load: nodes whose number brings nothing (Vault's) would be refused most of it. */
const deadlineMs = '10000'

/** The way of the load: through a balancer to instances of Padlock, from them through another one to nodes. */
export interface Path {
  /** address of the first balancer */
  url: string
  /** process ids of Padlock's instances */
  instances: number[]
  /** how many nodes are asked, from the first one on */
  nodes: number
}

/** Calls in flight of one instance: two for each node over all instances, and two at the least. */
const inFlight = (nodes: number, instances: number) => String(Math.max(2, (2 * nodes) / instances))

/**
 * Starts Padlock's instances, one and two of them for each number of nodes, all on some cores.
 *
 * @param log receives one line for each path that is ready
 */
export async function startPaths(
  t: Cleanup,
  { dir, nodes, subject }: Cluster,
  cores: string,
  log: (line: string) => void,
): Promise<Path[]> {
  const main = await packagedProgram()
  const startInstance = async (vault: string, calls: string) => {
    const port = await freePort(0, '127.0.0.1')
    const env = {
      PATH: process.env.PATH,
      ...subject.env,
      VAULT_ADDR: vault,
      PADLOCK_PORT: String(port),
      PADLOCK_SIGN_IN_FLIGHT: calls,
      PADLOCK_REQUEST_DEADLINE_MS: deadlineMs,
    }
    const started = await startPadlock(main, env, port, join(dir, `${port}.log`))
    t.teardown(() => started.stop())
    pin(started.pid, cores)
    return started
  }
  const addresses = nodes.map(({ address }) => address)
  const groups = addresses.map((_, i) => addresses.slice(0, i + 1))
  const toNodes = await startBalancers(t, join(dir, 'nodes.cfg'), groups, '/v1/sys/health?standbyok=true')
  pin(toNodes.pid, cores)
  const paths: { nodes: number; started: Awaited<ReturnType<typeof startInstance>>[] }[] = []
  for (const count of [1, 2]) {
    for (const [i, vault] of toNodes.urls.entries()) {
      const started = []
      for (let n = 0; n < count; n++) {
        started.push(await startInstance(vault, inFlight(i + 1, count)))
      }
      log(`Padlock × ${count} is ready through ${i + 1} of ${nodes.length} nodes.`)
      paths.push({ nodes: i + 1, started })
    }
  }
  const before = await startBalancers(
    t,
    join(dir, 'instances.cfg'),
    paths.map(({ started }) => started.map(({ url }) => url)),
    '/health/ready',
  )
  pin(before.pid, cores)
  return paths.map(({ nodes, started }, i) => ({
    url: before.urls[i] as string,
    instances: started.map(({ pid }) => pid),
    nodes,
  }))
}
