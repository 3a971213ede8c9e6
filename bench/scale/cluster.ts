import { RaftNode } from '../../test/faults/harness/raft-node.ts'
import { type Subject, testFolder, testSubject } from '../../test/faults/harness/subject.ts'
import type { Cleanup } from '../targets/target.ts'
import type { Leadership } from './cells.ts'

/** A cluster of three nodes on raft that `padlock setup` has set up, with an audit log. */
export interface Cluster {
  dir: string
  nodes: RaftNode[]
  subject: Subject
  leadership(): Promise<Leadership>
}

/** The election times of a server as it comes. */
const performanceMultiplier = 5

/** Starts the cluster; its first node leads. */
export async function startCluster(t: Cleanup): Promise<Cluster> {
  const dir = await testFolder(t)
  const nodes = await RaftNode.cluster(t, dir, performanceMultiplier)
  const [first] = nodes as [RaftNode]
  await first.api('PUT', 'sys/audit/file', { type: 'file', options: { file_path: `${dir}/audit.log` } })
  const rootToken = first.keys?.rootToken as string
  const subject = await testSubject(t, { address: first.address, rootToken })
  const leadership = async () => {
    const { data } = (await first.api('GET', 'sys/storage/raft/autopilot/state')).body
    return { leader: data.leader, term: data.servers[data.leader].last_term }
  }
  return { dir, nodes, subject, leadership }
}
