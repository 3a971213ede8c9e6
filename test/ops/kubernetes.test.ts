import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig, unknownVariables } from '../../src/config/config.ts'
import { kustomized, type Manifest, schemaFaults, typeFaults } from '../support/kubernetes.ts'

const root = join(import.meta.dirname, '../..')
const manifests = await kustomized(join(root, 'ops/kubernetes/base'))
const only = (kind: string) => {
  const found = manifests.filter((manifest) => manifest.kind === kind)
  if (found.length !== 1) {
    throw new Error(`${found.length} of ${kind}`)
  }
  return found[0] as Manifest
}
const deployment = only('Deployment')
const pod = deployment.spec.template.spec
const [container] = pod.containers
const variables = only('ConfigMap').data as Record<string, string>

t.test('the schemas of Kubernetes find nothing, and would', async (t) => {
  for (const manifest of manifests) {
    t.strictSame(await schemaFaults(manifest), [], manifest.kind)
  }
  t.strictSame(await typeFaults(manifests), [])

  const changed = (change: (copy: Manifest) => void) => {
    const copy = structuredClone(deployment)
    change(copy)
    return copy
  }
  const wrongType = changed(({ spec }) => Object.assign(spec, { replicas: 'three' }))
  t.not((await schemaFaults(wrongType)).length, 0)
  const missing = changed(({ spec }) => Object.assign(spec, { selector: undefined }))
  t.not((await schemaFaults(missing)).length, 0)
  const misspelt = changed(({ spec }) => Object.assign(spec.template.spec, { terminationGraceSeconds: 5 }))
  t.match(await typeFaults([misspelt]), [/terminationGraceSeconds/])
})

t.test('they are the ones that are promised, in one namespace', async (t) => {
  t.strictSame(manifests.map(({ kind }) => kind).sort(), [
    'ConfigMap',
    'Deployment',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ])
  t.strictSame(new Set(manifests.map(({ metadata }) => metadata.namespace)), new Set(['padlock']))
})

t.test('Padlock takes the configuration, a login with the service account’s token included', async (t) => {
  t.strictSame(unknownVariables(variables), [])
  const config = loadConfig(variables)
  t.equal(config.PADLOCK_VAULT_AUTH, 'kubernetes')
  t.equal(config.PADLOCK_ISSUANCE_LOG, 'stdout', 'every signature is on record')
  t.equal(container.envFrom[0].configMapRef.name, only('ConfigMap').metadata.name)
  t.match(only('ConfigMap').metadata.name, /^padlock-\w{10}$/, 'its name changes with it')
  const files = [variables.PADLOCK_VAULT_JWT_FILE, variables.VAULT_CACERT]
  for (const file of files) {
    t.ok(
      container.volumeMounts.some((mount: { mountPath: string }) => file?.startsWith(`${mount.mountPath}/`)),
      `${file}`,
    )
  }
  const [source] = pod.volumes.find(({ name }: { name: string }) => name === 'vault-login').projected.sources
  t.match(source.serviceAccountToken, { audience: 'vault', path: 'token' })
  t.equal(pod.serviceAccountName, only('ServiceAccount').metadata.name)
  t.equal(only('ServiceAccount').automountServiceAccountToken, false)
})

t.test('a stop has the time that it takes', async (t) => {
  const { PADLOCK_DRAIN_DELAY_MS, PADLOCK_GRACE_PERIOD_MS } = loadConfig(variables)
  t.equal(PADLOCK_DRAIN_DELAY_MS, 5_000)
  t.ok(pod.terminationGracePeriodSeconds * 1_000 > PADLOCK_GRACE_PERIOD_MS)
  const { periodSeconds, failureThreshold } = container.readinessProbe
  t.ok(periodSeconds * failureThreshold * 1_000 < PADLOCK_DRAIN_DELAY_MS, 'the probe tells of it meanwhile')
})

t.test('probes, ports and labels fit each other and what Padlock has', async (t) => {
  const { paths } = JSON.parse(await readFile(join(root, 'openapi.json'), 'utf8'))
  t.ok('get' in paths[container.livenessProbe.httpGet.path])
  t.ok('get' in paths[container.readinessProbe.httpGet.path])
  const [port, admin] = container.ports
  const config = loadConfig(variables)
  t.strictSame([port.containerPort, admin.containerPort], [config.PADLOCK_PORT, config.PADLOCK_ADMIN_PORT])
  for (const probe of [container.livenessProbe, container.readinessProbe]) {
    t.equal(probe.httpGet.port, admin.name)
  }
  const scraped = deployment.spec.template.metadata.annotations
  t.ok('get' in paths[scraped['prometheus.io/path']])
  t.equal(scraped['prometheus.io/port'], String(admin.containerPort))
  const [callers, prometheus] = only('NetworkPolicy').spec.ingress
  t.match(callers, { from: [{ namespaceSelector: { matchLabels: { 'padlock.example/caller': 'true' } } }] })
  t.strictSame(callers.ports, [{ port: port.name, protocol: 'TCP' }])
  t.strictSame(prometheus.ports, [{ port: admin.name, protocol: 'TCP' }])
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8')
  t.match(dockerfile, `EXPOSE ${port.containerPort}`)
  t.match(dockerfile, `USER ${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`)
  t.equal(only('Service').spec.ports[0].targetPort, port.name)
  const { labels } = deployment.spec.template.metadata
  for (const selector of [
    deployment.spec.selector.matchLabels,
    only('Service').spec.selector,
    only('PodDisruptionBudget').spec.selector.matchLabels,
    only('NetworkPolicy').spec.podSelector.matchLabels,
    ...pod.topologySpreadConstraints.map(
      ({ labelSelector }: { labelSelector: { matchLabels: object } }) => labelSelector.matchLabels,
    ),
  ]) {
    t.strictSame(selector, labels)
  }
})

t.test('it may do no more than it must', async (t) => {
  t.match(pod, {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  })
  t.strictSame(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  t.ok(deployment.spec.replicas > only('PodDisruptionBudget').spec.maxUnavailable)
  t.strictSame(only('NetworkPolicy').spec.policyTypes, ['Ingress', 'Egress'])
})
