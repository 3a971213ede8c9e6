import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { startCluster } from '../support/cluster.ts'
import { waitForPods } from '../support/cluster-pods.ts'
import { docsBlock } from '../support/documents.ts'
import { kustomized, type Manifest } from '../support/kubernetes.ts'
import { prepareOverlay } from '../support/overlay.ts'

// The steps of docs/kubernetes.md on a real API server. `make test-kubernetes` runs it.

const root = join(import.meta.dirname, '../..')
const namespace = ['--namespace', 'padlock']
const strict = ['--server-side', '--validate=strict']
const cluster = await startCluster(t)
const { kubectl, get, dir, shell } = cluster

type Rule = Record<'from' | 'to', [{ namespaceSelector: { matchLabels: object } }] | undefined>

/** What kubectl says of what the API server refuses. */
const refusal = (manifest: object, ...args: string[]) =>
  writeFile(join(dir, 'refused.yaml'), stringify(manifest))
    .then(() => kubectl('apply', '--filename=refused.yaml', ...args))
    .then(
      (said) => t.fail(`it was taken: ${said}`),
      ({ stderr }: { stderr: string }) => stderr,
    )

await prepareOverlay(cluster)
const manifests = await kustomized(join(root, 'ops/kubernetes/base'))
const [dryRun = '', apply = ''] = (await docsBlock('kubernetes.md', 'apply')).split('\n')

t.test('the page names the versions that are tried here', async (t) => {
  const pins = await readFile(join(root, 'tools/kubernetes/go.mod'), 'utf8')
  const version = (module: string) => new RegExp(`^\\s*${module} v(\\S+)`, 'm').exec(pins)?.[1]
  const page = await readFile(join(root, 'docs/kubernetes.md'), 'utf8')
  t.match(page, `Kubernetes ${version('k8s.io/kubernetes')}, Helm ${version('helm.sh/helm/v4')}`)
  const server = await kubectl('version')
  t.match(server, `Server Version: v${version('k8s.io/kubernetes')}`)
})

t.test('the API server takes every object of the overlay, and with a dry run makes none', async (t) => {
  const said = (await shell(dryRun)).stdout.trim().split('\n')
  t.equal(said.length, manifests.length)
  for (const line of said) {
    t.match(line, /^\S+\/padlock\S* serverside-applied \(server dry run\)$/)
  }
  const kinds = 'deployments,services,serviceaccounts,configmaps,networkpolicies,poddisruptionbudgets'
  const made = (await get(kinds, ...namespace)).items.map(({ metadata }: Manifest) => metadata.name)
  t.strictSame(made.sort(), ['default', 'vault-ca'])

  const applied = await shell(apply)
  t.equal(applied.stdout.trim().split('\n').length, manifests.length)
  t.equal(applied.stderr, '', 'the namespace warns of nothing')
  t.comment(`${manifests.length} objects of kustomize were taken`)
})

t.test('what is kept is what was sent, with no field dropped', async (t) => {
  for (const { kind, metadata, ...sent } of await kustomized(dir)) {
    const kept = await get(kind, metadata.name, ...namespace)
    t.match(kept, { ...(sent as object), metadata }, kind)
  }
})

t.test('the check would find a field that there is not, and one of a wrong type', async (t) => {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Manifest
  const misspelt = structuredClone(deployment)
  misspelt.spec.template.spec.terminationGraceSeconds = 5
  t.match(await refusal(misspelt, ...strict), /terminationGraceSeconds: field not declared in schema/)
  const wrongType = structuredClone(deployment)
  wrongType.spec.replicas = 'three'
  t.match(await refusal(wrongType, ...strict), /replicas/)
})

t.test('pod security warns of a deployment that breaks it, refuses a pod, and takes ours', async (t) => {
  const deployment = structuredClone(manifests.find(({ kind }) => kind === 'Deployment') as Manifest)
  deployment.spec.template.spec.hostNetwork = true
  await writeFile(join(dir, 'warned.yaml'), stringify(deployment))
  const warned = await shell(
    'kubectl apply --filename=warned.yaml --server-side --force-conflicts --dry-run=server',
  )
  t.match(warned.stderr, /would violate PodSecurity "restricted:latest": host namespaces/)

  const [pod] = await waitForPods(cluster, 'padlock', 3)
  t.match(pod, { spec: { containers: [{ image: 'registry.shop.example/padlock:0.1.0' }] } })
  // Without a reason of its own to be refused: all but one field is the deployment's.
  for (const [field, change] of [
    ['privileged', { privileged: true, allowPrivilegeEscalation: true }],
    ['allowPrivilegeEscalation', { allowPrivilegeEscalation: true }],
    ['capabilities', { capabilities: { drop: [] } }],
  ] as const) {
    const { apiVersion, kind, spec } = structuredClone(pod) as Manifest
    Object.assign(spec.containers[0].securityContext, change)
    const changed = { apiVersion, kind, metadata: { name: 'changed', namespace: 'padlock' }, spec }
    t.match(await refusal(changed), new RegExp(`violates PodSecurity "restricted:latest".*${field}`), field)
  }
})

t.test('the pods have no token for the API server, and one for Vault alone', async (t) => {
  const [pod] = await waitForPods(cluster, 'padlock', 3)
  t.equal(pod?.spec.serviceAccountName, 'padlock')
  const sources = pod?.spec.volumes.flatMap(
    ({ projected }: { projected?: { sources: object[] } }) => projected?.sources ?? [],
  )
  t.strictSame(sources, [
    { serviceAccountToken: { audience: 'vault', expirationSeconds: 3600, path: 'token' } },
  ])
  const may = await kubectl(
    'auth',
    'can-i',
    '--list',
    '--as=system:serviceaccount:padlock:padlock',
    ...namespace,
  )
  t.notMatch(may, /secrets|configmaps|pods|\*\.\*/, 'the service account may do what everybody may')
})

t.test('the network policy chooses the pods, and the namespaces that the page names', async (t) => {
  const { spec } = await get('networkpolicy', 'padlock', ...namespace)
  const named = async (kind: string, { matchLabels }: { matchLabels: object }) => {
    const labels = Object.entries(matchLabels).map((pair) => pair.join('='))
    const { items } = await get(kind, ...namespace, '--selector', labels.join(','))
    return items.map(({ metadata }: Manifest) => metadata.name).sort()
  }
  const pods = await waitForPods(cluster, 'padlock', 3)
  t.strictSame(await named('pods', spec.podSelector), pods.map(({ metadata }) => metadata.name).sort())

  for (const name of ['shop', 'other', 'monitoring', 'vault']) {
    await kubectl('create', 'namespace', name)
  }
  const page = await readFile(join(root, 'docs/kubernetes.md'), 'utf8')
  const [, label = ''] = /`(kubectl label namespace shop .+?)`/.exec(page) ?? []
  await shell(label)
  const peers = [...spec.ingress.map(({ from }: Rule) => from), ...spec.egress.map(({ to }: Rule) => to)]
  const reached = peers.map((rule) => rule && named('namespaces', rule[0].namespaceSelector))
  t.strictSame(await Promise.all(reached), [['shop'], ['monitoring'], ['kube-system'], ['vault'], undefined])
})
