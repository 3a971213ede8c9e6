import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

const read = (name: string) => readFile(join(import.meta.dirname, '..', name), 'utf8')
const { version }: { version: string } = JSON.parse(await read('package.json'))

t.test('all files that name the version name the one of package.json', async (t) => {
  const lock = JSON.parse(await read('package-lock.json'))
  t.equal(lock.version, version, 'package-lock.json')
  t.equal(lock.packages[''].version, version, 'package-lock.json')
  t.equal(JSON.parse(await read('openapi.json')).info.version, version, 'openapi.json')
  const { images } = parse(await read('ops/kubernetes/base/kustomization.yaml'))
  t.strictSame(
    images.map(({ newTag }: { newTag: string }) => newTag),
    [version],
  )
  const chart = parse(await read('ops/helm/padlock/Chart.yaml'))
  t.strictSame([chart.version, chart.appVersion], [version, version], 'Chart.yaml')
  const named = Array.from(
    (await read('README.md')).matchAll(/padlock-(\d[\w.-]*)\.tgz/g),
    ([, name]) => name,
  )
  t.strictSame(new Set(named), new Set([version]), 'README.md')
})
