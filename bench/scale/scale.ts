import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runWrk } from '../load/wrk.ts'
import { checkTokens } from '../targets/check-tokens.ts'
import type { Cleanup } from '../targets/target.ts'
import { cpuMs, pin } from '../usage.ts'
import { refuseElection, refuseMore, type ScaleCell, type ScaleSample, scaleCell, share } from './cells.ts'
import { startCluster } from './cluster.ts'
import { type Path, startPaths } from './paths.ts'
import { holdToShare } from './share.ts'

/** Connections for each node that is asked: its two calls are full, and a third one waits. */
const connectionsForNode = 96
const rounds = 5
const seconds = 4
/** Longer than any run: a caller's JWT must not expire during it. */
const callerSeconds = 3_600
const cores = { nodes: '1', others: '0,1' }
const path = '/v1/profiles/default/tokens'

/** Puts the load on a path once. */
async function sample(
  { url, instances, nodes }: Path,
  nodePids: readonly number[],
  env: Record<string, string>,
  forSeconds: number,
): Promise<ScaleSample> {
  const busy = (pids: readonly number[]) => pids.map(cpuMs)
  const before = { nodes: busy(nodePids), padlock: busy(instances), at: performance.now() }
  const connections = connectionsForNode * nodes
  const load = { url, script: 'token.lua', env, connections, seconds: forSeconds, cores: cores.others }
  const { perSecond, p50Ms, p99Ms, errors } = await runWrk(load)
  const elapsed = performance.now() - before.at
  const used = (now: readonly number[], then: readonly number[]) =>
    now.map((ms, i) => (ms - (then[i] as number)) / elapsed)
  const nodeCores = used(busy(nodePids), before.nodes)
  const padlockCores = used(busy(instances), before.padlock).reduce((sum, one) => sum + one, 0)
  refuseMore(nodeCores)
  return { perSecond, p50Ms, p99Ms, errors, nodeCores, padlockCores }
}

/**
 * Measures tokens a second through one, two and three nodes of equal share, with one and two instances of Padlock.
 *
 * @throws Error when tokens are wrong, when a leader was elected meanwhile, or when nodes cannot be held to a share
 */
export async function measureScale(t: Cleanup, log: (line: string) => void): Promise<ScaleCell[]> {
  const cluster = await startCluster(t)
  const { callers, recipient } = cluster.subject
  const paths = await startPaths(t, cluster, cores.others, log)
  const caller = await callers.token({ exp: Math.floor(Date.now() / 1000) + callerSeconds })
  const env = { BENCH_LOAD: join(import.meta.dirname, '../load'), BENCH_TOKEN: caller, BENCH_PATH: path }
  const pids = cluster.nodes.map(({ pid }) => pid)
  for (const pid of pids) {
    pin(pid, cores.nodes)
  }
  holdToShare(t, pids, share)
  for (const one of paths) {
    const loaded = sample(one, pids, env, 2)
    const [publicKey] = recipient.publicKeys as [KeyObject]
    const checked = sleep(1_000).then(() =>
      checkTokens(one.url + path, caller, recipient.privateKey, publicKey),
    )
    await Promise.all([loaded, checked])
  }
  const before = await cluster.leadership()
  const samples = paths.map((): ScaleSample[] => [])
  for (let round = 1; round <= rounds; round++) {
    log(`round ${round} of ${rounds}`)
    const order = [...paths.entries()]
    for (const [i, one] of round % 2 === 1 ? order : order.reverse()) {
      samples[i]?.push(await sample(one, pids, env, seconds))
    }
    refuseElection(before, await cluster.leadership())
  }
  return paths.map(({ instances, nodes }, i) =>
    scaleCell(instances.length, nodes, samples[i] as ScaleSample[]),
  )
}
