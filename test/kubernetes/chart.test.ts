import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readRules } from '../support/alert-rules.ts'
import { chartFolder, helm, monitored, rendered } from '../support/chart.ts'
import { docsBlock } from '../support/documents.ts'
import { kustomized, type Manifest } from '../support/kubernetes.ts'

// What helm makes of ops/helm/padlock, beside the kustomize base. `make test-kubernetes` runs it.

const root = join(import.meta.dirname, '../..')
const only = (manifests: Manifest[], wanted: string) =>
  manifests.find(({ kind }) => kind === wanted) as Manifest

/** What Helm adds: its labels, and the checksum in place of a config map's name that changes. */
const added = ['app.kubernetes.io/instance', 'app.kubernetes.io/managed-by', 'helm.sh/chart', 'checksum/env']

/** Manifests in the order of their kinds, without what only Helm or only kustomize adds. */
function comparable(manifests: Manifest[]): Manifest[] {
  const text = JSON.stringify(manifests, (key, value) => (added.includes(key) ? undefined : value))
  const { name } = only(manifests, 'ConfigMap').metadata
  const same = JSON.parse(text.replaceAll(`"${name}"`, '"padlock"')) as Manifest[]
  // kustomize gives the config map no labels.
  delete only(same, 'ConfigMap').metadata.labels
  return same.sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

t.test('helm finds no fault with the chart', async (t) => {
  t.match(await helm('lint', '--strict', chartFolder), '1 chart(s) linted, 0 chart(s) failed')
  t.match(await helm('lint', '--strict', chartFolder, ...monitored), '1 chart(s) linted, 0 chart(s) failed')
})

t.test('it renders the objects of the kustomize base', async (t) => {
  const ofHelm = comparable(await rendered())
  t.equal(ofHelm.length, 6)
  t.strictSame(ofHelm, comparable(await kustomized(join(root, 'ops/kubernetes/base'))))
})

t.test('the schema refuses values that would do harm', async (t) => {
  for (const [option, fault] of [
    ['--set=replcas=2', "additional properties 'replcas' not allowed"],
    ['--set=replicas=0', "'/replicas': minimum: got 0, want 1"],
    ['--set=env.VAULT_TOKEN=hvs.x', "invalid propertyName 'VAULT_TOKEN'"],
    ['--set=env.OTEL_EXPORTER_OTLP_HEADERS=x', "invalid propertyName 'OTEL_EXPORTER_OTLP_HEADERS'"],
    ['--set=env.PADLOCK_REDIS_URL=redis://:secret@redis:6379', "'/env/PADLOCK_REDIS_URL'"],
    // Helm would make 1e+06 of a million.
    ['--set=env.PADLOCK_PORT=3000', "'/env/PADLOCK_PORT': got number, want string"],
    ['--set=env.VAULT_ADDR=null', "'/env': missing property 'VAULT_ADDR'"],
    ['--set=image.digest=sha256:1', "'/image/digest'"],
    // Without peers, a rule holds for everybody.
    ['--set=networkPolicy.vault=null', "'/networkPolicy': missing property 'vault'"],
    ['--set-json=networkPolicy.vault=[]', "'/networkPolicy/vault': minItems"],
    ['--set=networkPolicy.callers=null', "'/networkPolicy': missing property 'callers'"],
    ['--set=serviceMonitor.interval=often', "'/serviceMonitor/interval'"],
  ] as const) {
    await t.rejects(rendered([option]), { message: fault }, option)
  }
})

t.test('values change what they name', async (t) => {
  const digest = `sha256:${'0'.repeat(64)}`
  const manifests = await rendered([
    ...[`--set=image.digest=${digest}`, '--set-string=env.PADLOCK_GRACE_PERIOD_MS=30500'],
    ...['--set=env.PADLOCK_TLS_CERT_FILE=/run/tls/tls.crt', '--set=networkPolicy.enabled=false'],
    '--set=env.PADLOCK_ISSUANCE_LOG=null',
  ])
  t.notOk(manifests.some(({ kind }) => kind === 'NetworkPolicy'))
  t.notOk('PADLOCK_ISSUANCE_LOG' in (only(manifests, 'ConfigMap').data as object))
  const { spec } = only(manifests, 'Deployment').spec.template
  t.equal(spec.containers[0].image, `registry.example/padlock@${digest}`)
  t.equal(spec.terminationGracePeriodSeconds, 36)
  t.equal(spec.containers[0].readinessProbe.httpGet.scheme, 'HTTPS')
})

t.test('two releases in one namespace have nothing in common', async (t) => {
  const other = await rendered(monitored, chartFolder, 'shop')
  const name = (one: Manifest) => `${one.kind} ${one.metadata.name}`
  t.notOk((await rendered(monitored)).some((one) => other.map(name).includes(name(one))))
  const selectors =
    JSON.stringify(other, null, 1).match(/"(matchLabels|selector)": \{[^{}]*padlock"[^{}]*\}/g) ?? []
  t.equal(selectors.length, 8, 'deployment, spread by two, services, budget, policy, monitor')
  for (const selector of selectors) {
    t.match(selector, '"app.kubernetes.io/instance": "shop"')
  }
})

t.test('the alerts are those of ops/prometheus, in a package of the chart too', async (t) => {
  const { groups } = await readRules()
  const manifests = await rendered(monitored)
  t.strictSame(only(manifests, 'PrometheusRule').spec, { groups })
  const docs = '--set=prometheusRule.docs=https://wiki.shop.example/padlock/'
  const linked = only(await rendered([...monitored, docs]), 'PrometheusRule')
  const elsewhere = JSON.stringify(groups).replaceAll('padlock.example/docs/', 'wiki.shop.example/padlock/')
  t.strictSame(linked.spec.groups, JSON.parse(elsewhere))

  const folder = t.testdir()
  await helm('package', chartFolder, '--destination', folder)
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  t.strictSame(await rendered(monitored, join(folder, `padlock-${version}.tgz`)), manifests)
})

t.test('the notes lead on by the commands of docs/kubernetes.md, which login.test.ts runs', async (t) => {
  const flat = (text: string) => text.replaceAll(/(\s|\\\n)+/g, ' ').trim()
  const notes = async (...options: string[]) => {
    const args = ['padlock', chartFolder, '--namespace=padlock', '--dry-run=client', ...options]
    return flat((await helm('install', ...args)).split('NOTES:')[1] ?? '')
  }
  const role = async (name: string) =>
    /vault write auth\/\w+\/role.*/s.exec(await docsBlock('kubernetes.md', name))?.[0] as string
  const given = await notes()
  for (const command of [await role('vault-inside'), await docsBlock('kubernetes.md', 'first-token')]) {
    t.ok(given.includes(flat(command)), command)
  }
  const outside = await role('vault-outside')
  t.ok((await notes('--set=env.PADLOCK_VAULT_AUTH=jwt')).includes(flat(outside)), outside)
})
