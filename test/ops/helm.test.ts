import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { rulesPath } from '../support/alert-rules.ts'
import { kustomized } from '../support/kubernetes.ts'

// What can be said of the chart without Helm. `make test-kubernetes` renders and installs it.

const root = join(import.meta.dirname, '../..')
const chart = join(root, 'ops/helm/padlock')
const values = parse(await readFile(join(chart, 'values.yaml'), 'utf8'))

t.test("the chart's variables are the ones of the kustomize base", async (t) => {
  const manifests = await kustomized(join(root, 'ops/kubernetes/base'))
  t.strictSame(values.env, manifests.find(({ kind }) => kind === 'ConfigMap')?.data)
})

t.test('its values keep to its schema, which knows each of them', async (t) => {
  const schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8'))
  const validate = new Ajv({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
  }).compile(schema)
  validate(values)
  t.strictSame(validate.errors, null)
  const { global: _, ...known } = schema.properties
  t.strictSame(Object.keys(values).sort(), Object.keys(known).sort())
  for (const [name, { properties = {} }] of Object.entries<{ properties?: object }>(known)) {
    if (name !== 'env' && name !== 'resources') {
      t.match(Object.keys(values[name]).sort(), Object.keys(properties).sort(), name)
    }
  }
})

t.test(
  'its alerts are the ones of ops/prometheus, by a link: Helm reads nothing outside of a chart',
  async (t) => {
    t.equal(await realpath(join(chart, 'files/padlock.rules.yml')), await realpath(rulesPath))
  },
)
