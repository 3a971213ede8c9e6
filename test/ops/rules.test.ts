import { execFile } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { prometheusFolder, type Rule, readRules, rulesPath } from '../support/alert-rules.ts'

const run = promisify(execFile)
const rules = (await readRules()).groups.flatMap((group) => group.rules)
const alerts = rules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined)

/** What a unit test of promtool asks for: firing alerts, by name. */
interface UnitTest {
  promql_expr_test?: { exp_samples?: { labels: string }[] }[]
  alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[]
}

t.test('promtool finds the files good, and its unit tests of the rules pass', async (t) => {
  await t.resolves(run('promtool', ['check', 'config', join(prometheusFolder, 'prometheus.yml')]))
  await t.resolves(run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', rulesPath]))
  await t.resolves(run('promtool', ['test', 'rules', join(prometheusFolder, 'padlock.test.yml')]))
})

t.test('a unit test has each alert fire, and one has all of them silent', async (t) => {
  const { tests } = parse(await readFile(join(prometheusFolder, 'padlock.test.yml'), 'utf8')) as {
    tests: UnitTest[]
  }
  const fired = new Set<string | undefined>()
  let silent = false
  for (const { promql_expr_test = [], alert_rule_test = [] } of tests) {
    for (const { exp_samples = [] } of promql_expr_test) {
      silent ||= exp_samples.length === 0
      for (const { labels } of exp_samples) {
        fired.add(/alertname="(\w+)"/.exec(labels)?.[1])
      }
    }
    for (const { alertname, exp_alerts } of alert_rule_test) {
      if (exp_alerts.length > 0) {
        fired.add(alertname)
      }
    }
  }
  t.strictSame([...fired].sort(), alerts.map(({ alert }) => alert).sort())
  t.ok(silent)
})

t.test('each alert says how severe it is, what is wrong, and where its cure is told', async (t) => {
  const operations = await readFile(join(prometheusFolder, '../../docs/operations.md'), 'utf8')
  const sections = new Map(
    operations.split(/^### /m).map((section) => [section.split('\n', 1)[0]?.toLowerCase(), section]),
  )
  for (const { alert, labels, annotations } of alerts) {
    t.match(alert, /^Padlock[A-Z]/)
    t.ok(['critical', 'warning'].includes(labels?.severity ?? ''), alert)
    t.match(
      annotations,
      {
        summary: /./,
        description: /./,
        runbook_url: /^https:\/\/padlock\.example\/docs\/operations\.md#[a-z]+$/,
      },
      alert,
    )
    const section = sections.get(annotations?.runbook_url?.split('#')[1])
    t.match(
      section,
      /\*\*Cause\*\*.+\*\*Cure\*\*/s,
      `${alert} has its cause and its cure in docs/operations.md`,
    )
  }
})

t.test('the command of docs/operations.md puts an address of one’s own into every link', async (t) => {
  const operations = await readFile(join(prometheusFolder, '../../docs/operations.md'), 'utf8')
  const command = /^sed -i .+$/m.exec(operations)?.[0] ?? ''
  const folder = t.testdir()
  await cp(prometheusFolder, join(folder, 'ops/prometheus'), { recursive: true })
  await run('sh', ['-c', command], { cwd: folder })
  const changed = await readFile(join(folder, 'ops/prometheus/padlock.rules.yml'), 'utf8')
  const links = [...changed.matchAll(/^ *runbook_url: (.+)$/gm)].map(([, link]) => link)
  t.equal(links.length, alerts.length)
  for (const link of links) {
    t.match(link, /^https:\/\/wiki\.shop\.example\/padlock\/operations\.md#[a-z]+$/)
  }
  await t.resolves(run('promtool', ['test', 'rules', join(folder, 'ops/prometheus/padlock.test.yml')]))
})
