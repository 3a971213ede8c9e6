import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { monitored, rendered } from '../support/chart.ts'
import { kubernetesProgram, startCluster } from '../support/cluster.ts'
import { podsOf, reportReady, waitForPods } from '../support/cluster-pods.ts'
import { docsBlock } from '../support/documents.ts'
import type { Manifest } from '../support/kubernetes.ts'
import { prepareOverlay } from '../support/overlay.ts'
import { until } from '../support/wait.ts'

// The chart of ops/helm/padlock on a real API server, as docs/kubernetes.md says. `make test-kubernetes` runs it.

const cluster = await startCluster(t)
const { kubectl, get, dir, output, shell } = cluster
const namespace = ['--namespace', 'padlock']
await prepareOverlay(cluster)

t.test('helm installs it where pod security is enforced, upgrades it and goes back', async (t) => {
  await writeFile(join(dir, 'values.yaml'), await docsBlock('kubernetes.md', 'values.yaml'))
  const install = (await docsBlock('kubernetes.md', 'helm')).trim()
  const upgrade = (...options: string[]) => shell([install, ...options].join(' '))
  const rolled = async (image: string) => {
    await until(async () => {
      await reportReady(cluster, 'padlock')
      const pods = await podsOf(cluster, 'padlock')
      return pods.length === 3 && pods.every(({ spec }) => spec.containers[0].image === image)
    })
    const { status } = await get('deployment', 'padlock', ...namespace)
    t.equal(status.updatedReplicas, 3, `rolled out: ${image}`)
  }
  await upgrade('--dry-run=server')
  t.strictSame(await podsOf(cluster, 'padlock'), [], 'a dry run makes none')
  const { stderr } = await upgrade()
  t.notMatch(stderr, /would violate/, 'the namespace warns of nothing')
  await rolled('registry.shop.example/padlock:0.1.0')
  await upgrade('--set=image.tag=0.1.1')
  await rolled('registry.shop.example/padlock:0.1.1')

  const revision = async () => (await get('deployment', 'padlock', ...namespace)).metadata.generation
  const before = await revision()
  await upgrade('--set=image.tag=0.1.1')
  t.equal(await revision(), before, 'the same values change nothing')
  await upgrade('--set=image.tag=0.1.1', '--set=env.PADLOCK_LOG_LEVEL=debug')
  t.equal(await revision(), before + 1, 'a changed variable changes the pods')
  await output('helm', 'rollback', 'padlock', '1', ...namespace)
  await rolled('registry.shop.example/padlock:0.1.0')
  await output('helm', 'uninstall', 'padlock', ...namespace)
  await waitForPods(cluster, 'padlock', 0)
})

t.test('the definitions of the Prometheus operator take its monitor and its alerts', async (t) => {
  const crds = kubernetesProgram('crds')
  for (const name of await readdir(crds)) {
    await kubectl('apply', '--server-side', `--filename=${join(crds, name)}`)
  }
  await kubectl('wait', '--for=condition=Established', 'crd', '--all')
  const manifests = await rendered(monitored)
  const apply = async (changed: Manifest[]) => {
    await writeFile(join(dir, 'all.yaml'), changed.map((each) => stringify(each)).join('---\n'))
    return kubectl('apply', '--server-side', '--validate=strict', '--filename=all.yaml')
  }
  const said = (await apply(manifests)).trim().split('\n')
  t.equal(said.length, 9)
  for (const kind of ['ServiceMonitor', 'PrometheusRule']) {
    const wrong = structuredClone(manifests)
    Object.assign(wrong.find((each) => each.kind === kind)?.spec, { jobLable: 'x' })
    await t.rejects(apply(wrong), { message: /jobLable/ }, `a wrong field of ${kind} would be found`)
  }

  const monitor = await get('servicemonitor', 'padlock', ...namespace)
  const labels = Object.entries(monitor.spec.selector.matchLabels).map((pair) => pair.join('='))
  const { items } = await get('services', ...namespace, '--selector', labels.join(','))
  t.strictSame(
    items.map(({ metadata }: Manifest) => metadata.name),
    ['padlock-admin'],
  )
  const [{ metadata, spec }] = items
  t.equal(spec.ports[0].name, monitor.spec.endpoints[0].port)
  t.equal(metadata.labels[monitor.spec.jobLabel], 'padlock', 'the job that the alerts ask for')
  const pods = await waitForPods(cluster, 'padlock', 3)
  for (const pod of pods) {
    t.match(pod.metadata.labels, spec.selector)
    t.ok(pod.spec.containers[0].ports.some(({ name }: { name: string }) => name === spec.ports[0].targetPort))
  }
})
