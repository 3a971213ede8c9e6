import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import t from 'tap'
import { freePort } from '../../dev/free-port.ts'
import { tlsMetrics } from '../../src/metrics/tls-metrics.ts'
import { readRules } from '../support/alert-rules.ts'
import { labelsByName } from '../support/exposition.ts'
import { groupingLabelsOf, selectorsOf } from '../support/promql.ts'
import { startRedis } from '../support/redis.ts'
import { startService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

/** Labels that Prometheus itself adds to what it scrapes and to alerts. */
const addedLabels = ['job', 'instance', 'alertname', 'alertstate', 'severity']

interface Panel {
  title: string
  type: string
  targets?: { expr: string }[]
  gridPos: { h: number; w: number; x: number; y: number }
  id: number
}

interface Dashboard {
  uid: string
  panels: Panel[]
  templating: { list: { name: string; definition?: string }[] }
  annotations: { list: { expr: string }[] }
}

const port = await freePort(0, '127.0.0.1')
await startRedis(t, port)
const backend = await testBackend(t)
await backend.addProfile('watched', { sharedUserId: { share: 0.5, minimum: 1, refuse: false } })
const service = await startService(t, backend, {
  PADLOCK_REDIS_URL: `redis://127.0.0.1:${port}`,
  PADLOCK_RATE_LIMIT_PER_SECOND: '1000',
  PADLOCK_ISSUANCE_LOG: join(backend.vault.dir, 'issuance.log'),
})
for (const profile of ['default', 'watched']) {
  await service.issue({ userId: 'u-1' }, { profile })
}
// A share is told of every ten seconds.
let text = ''
await until(async () => {
  text = await (await fetch(`${service.url}/metrics`)).text()
  return text.includes('padlock_shared_user_id_share{')
})
// The listener speaks plain HTTP here.
const tlsRegistry = new Registry()
tlsMetrics(tlsRegistry, {
  secondsLeft: () => ({ server: 1, client_ca: 1 }),
  state: () => ({}),
  failedHandshakes: 0,
})
text += await tlsRegistry.metrics()
const real = labelsByName(text)
// Some have no sample now, such as the life of a secret_id where there is none.
for (const [, name] of text.matchAll(/^# TYPE (\w+) /gm)) {
  if (name !== undefined && !real.has(name)) {
    real.set(name, new Set())
  }
}
for (const name of ['up', 'ALERTS']) {
  real.set(name, new Set())
}

const folder = join(import.meta.dirname, '../../ops/grafana')
const dashboard: Dashboard = JSON.parse(await readFile(join(folder, 'padlock.json'), 'utf8'))
const rules = (await readRules()).groups.flatMap((group) => group.rules)

/** What an expression names that no Prometheus would find: metrics, and labels that those metrics do not have. */
function unknownNames(expression: string, recorded: readonly string[] = []): string[] {
  const selectors = selectorsOf(expression).filter(({ metric }) => !recorded.includes(metric))
  const known = new Set([
    ...addedLabels,
    'le',
    ...selectors.flatMap(({ metric }) => [...(real.get(metric) ?? [])]),
  ])
  return [
    ...selectors.flatMap(({ metric, labels }) => {
      const has = real.get(metric)
      if (has === undefined) {
        return [metric]
      }
      return labels
        .filter((label) => !has.has(label) && !addedLabels.includes(label))
        .map((label) => `${metric}{${label}}`)
    }),
    ...groupingLabelsOf(expression).filter((label) => !known.has(label)),
  ]
}

/** An expression as Grafana sends it: its variables have values. */
const filledIn = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'padlock').replaceAll('$instance', '.*')

t.test('every metric and label of the dashboard is one that Padlock has', async (t) => {
  const expressions = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => [title, expr] as const),
    ),
    ...dashboard.annotations.list.map(({ expr }) => ['annotations', expr] as const),
  ]
  t.ok(expressions.length > 20)
  for (const [title, expr] of expressions) {
    t.strictSame(unknownNames(filledIn(expr)), [], `${title}: ${expr}`)
  }
  for (const { name, definition } of dashboard.templating.list) {
    const selector = /^label_values\((.+), \w+\)$/.exec(definition ?? '')?.[1]
    if (selector !== undefined) {
      t.strictSame(unknownNames(filledIn(selector)), [], name)
    }
  }
})

t.test('every metric and label of the alert rules is one that Padlock has', async (t) => {
  const recorded = rules.flatMap(({ record }) => record ?? [])
  for (const { alert, record, expr } of rules) {
    t.strictSame(unknownNames(expr, recorded), [], `${alert ?? record}: ${expr}`)
  }
})

t.test('the check finds what is not there', async (t) => {
  t.strictSame(unknownNames('rate(padlock_token_issued_total[5m])'), ['padlock_token_issued_total'])
  t.strictSame(unknownNames('padlock_ready{profile="x"}'), ['padlock_ready{profile}'])
  t.strictSame(unknownNames('sum by (shop) (padlock_ready)'), ['shop'])
  t.throws(() => unknownNames('sum(('))
})

t.test('the names are as Prometheus has them', async (t) => {
  const types = text.matchAll(/^# TYPE (padlock_\w+) (\w+)$/gm)
  for (const [, name, type] of types) {
    t.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'), `${name} is explained`)
    t.equal(type === 'counter', name?.endsWith('_total'), `${name} is a ${type}`)
    t.notMatch(name, /_(milliseconds|ms|minutes|hours|percent)\b/, `${name} is in base units`)
  }
})

t.test('promtool finds no fault with what Prometheus is given', async (t) => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  t.strictSame([status, stdout, stderr], [0, '', ''])
})

t.test('the panels lie beside each other, and Grafana finds them by their ids', async (t) => {
  const cells = new Set<string>()
  for (const { gridPos, title } of dashboard.panels) {
    t.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (cells.has(`${x},${y}`)) {
          t.fail(`${title} lies on another panel`)
        }
        cells.add(`${x},${y}`)
      }
    }
  }
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
})
