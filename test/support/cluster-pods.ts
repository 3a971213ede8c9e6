import type { Cluster } from './cluster.ts'
import type { Manifest } from './kubernetes.ts'
import { until } from './wait.ts'

/** A pod as the API server keeps it. */
export type Pod = Manifest & { metadata: { uid: string; deletionTimestamp?: string } }

/** The pods of a namespace that are not on their way out. */
export async function podsOf(cluster: Cluster, namespace: string): Promise<Pod[]> {
  const { items } = await cluster.get('pods', '--namespace', namespace)
  return items.filter(({ metadata }: Pod) => metadata.deletionTimestamp === undefined)
}

/** Waits for a number of pods, and returns them. */
export async function waitForPods(cluster: Cluster, namespace: string, count: number): Promise<Pod[]> {
  let pods: Pod[] = []
  await until(async () => {
    pods = await podsOf(cluster, namespace)
    return pods.length === count
  })
  return pods
}

/** Reports every pod of a namespace as running and ready: what its kubelet does, and here is none. */
export async function reportReady(cluster: Cluster, namespace: string): Promise<void> {
  const conditions = [
    { type: 'Ready', status: 'True' },
    { type: 'ContainersReady', status: 'True' },
  ]
  const patch = JSON.stringify({ status: { phase: 'Running', conditions } })
  const options = ['--namespace', namespace, '--subresource=status', '--type=merge', '--patch', patch]
  for (const { metadata } of await podsOf(cluster, namespace)) {
    // It may have been deleted since.
    await cluster.kubectl('patch', 'pod', metadata.name, ...options).catch(() => undefined)
  }
}
