import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startCluster } from '../support/cluster.ts'
import { reportReady, waitForPods } from '../support/cluster-pods.ts'
import { docsBlock } from '../support/documents.ts'
import type { Manifest } from '../support/kubernetes.ts'
import { prepareOverlay } from '../support/overlay.ts'
import { until } from '../support/wait.ts'

// What happens to the pods of docs/kubernetes.md when a node is drained, and when something is changed.

const namespace = ['--namespace', 'padlock']
const cluster = await startCluster(t)
const { kubectl, get, dir, shell } = cluster
const overlay = await prepareOverlay(cluster)
const [, apply = '', status = ''] = (await docsBlock('kubernetes.md', 'apply')).split('\n')
const newer = (tag: string) => overlay.replace('newTag: 0.1.0', `newTag: ${tag}`)
await shell(apply)
await waitForPods(cluster, 'padlock', 3)

t.test('the disruption budget lets one pod go, and not a second', async (t) => {
  await reportReady(cluster, 'padlock')
  const budget = async () => (await get('pdb', 'padlock', ...namespace)).status
  await until(async () => (await budget()).currentHealthy === 3)
  t.match(await budget(), { expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 })

  const evict = async (name: string) => {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'padlock' } }
    await writeFile(join(dir, 'eviction.json'), JSON.stringify(eviction))
    const path = `/api/v1/namespaces/padlock/pods/${name}/eviction`
    return kubectl('create', '--raw', path, '--filename=eviction.json')
  }
  const [first, second] = await waitForPods(cluster, 'padlock', 3)
  await t.resolves(evict(first?.metadata.name as string))
  await t.rejects(evict(second?.metadata.name as string), { message: /disruption budget/ })
})

t.test('a changed image rolls out pod by pod, and goes back', async (t) => {
  /** Waits for the roll-out as the page does, with pods that become ready meanwhile. */
  const rollOut = async () => {
    let done = false
    const told = shell(status).finally(() => {
      done = true
    })
    const fewest = [Number.POSITIVE_INFINITY]
    while (!done) {
      await reportReady(cluster, 'padlock')
      const { readyReplicas = 0 } = (await get('deployment', 'padlock', ...namespace)).status
      fewest.push(readyReplicas)
    }
    t.match((await told).stdout, 'successfully rolled out')
    return Math.min(...fewest)
  }
  await rollOut()
  await writeFile(join(dir, 'kustomization.yaml'), newer('0.1.1'))
  await shell(apply)
  t.equal(await rollOut(), 3, 'never fewer than three are ready')
  const sets = await get('replicasets', ...namespace)
  t.strictSame(
    sets.items.map(({ spec }: Manifest) => [spec.template.spec.containers[0].image, spec.replicas]).sort(),
    [
      ['registry.shop.example/padlock:0.1.0', 0],
      ['registry.shop.example/padlock:0.1.1', 3],
    ],
  )
  await kubectl('rollout', 'undo', 'deployment/padlock', ...namespace)
  await rollOut()
  const [pod] = await waitForPods(cluster, 'padlock', 3)
  t.equal(pod?.spec.containers[0].image, 'registry.shop.example/padlock:0.1.0')
})

t.test('a changed variable rolls the pods too, and after a step back something new', async (t) => {
  const before = (await get('deployment', 'padlock', ...namespace)).spec.template.spec.containers[0].envFrom
  await writeFile(join(dir, 'kustomization.yaml'), `${newer('0.1.2')}      - PADLOCK_LOG_LEVEL=debug\n`)
  await t.rejects(shell(apply), { message: /conflict with "kubectl" using apps\/v1: .*image/ })
  await shell(`${apply} --force-conflicts`)
  const after = (await get('deployment', 'padlock', ...namespace)).spec.template.spec.containers[0].envFrom
  t.not(after[0].configMapRef.name, before[0].configMapRef.name)
  const { data } = await get('configmap', after[0].configMapRef.name, ...namespace)
  t.match(data, { PADLOCK_LOG_LEVEL: 'debug', VAULT_ADDR: 'https://vault.shop.example:8200' })
})
