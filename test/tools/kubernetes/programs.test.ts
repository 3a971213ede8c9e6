import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { checkKubernetes, kubernetesPrograms } from '../../../tools/kubernetes/programs.ts'
import { NoGo } from '../../../tools/vault/go.ts'
import { machine, place } from '../../support/dev-machine.ts'

// The go here is a script: a real build takes minutes. `make test-kubernetes` does one.

const root = join(import.meta.dirname, '../../..')
const noGo = 'There is no Kubernetes and no Go to build one: install Go (1.26.0 or newer).'

/** A go that "builds" what it is asked for, and has the operator's definitions. */
const goScript = (sum: string) => `#!/bin/sh
case $1 in
  env) echo go1.26.0; echo local ;;
  list) echo one ;;
  build)
    folder=$(echo "$*" | sed 's/.* -o \\([^ ]*\\) .*/\\1/')
    mkdir "$folder"
    for name in server helm kube-apiserver kube-controller-manager kubectl vault-plugin-auth-kubernetes; do
      echo > "$folder/$name"; chmod +x "$folder/$name"
    done ;;
  mod)
    folder="$HOME/module/example/prometheus-operator-crd"
    mkdir -p "$folder"
    for name in servicemonitors prometheusrules; do echo > "$folder/monitoring.coreos.com_$name.yaml"; done
    echo "{\\"Sum\\":\\"${sum}\\",\\"Dir\\":\\"$HOME/module\\"}" ;;
esac
`

async function kubernetesMachine(t: Test, go?: string) {
  const { env, bin } = machine(t)
  if (go !== undefined) {
    await place(bin('go'), go)
    env.PATH += ':/usr/bin:/bin'
  }
  return { env, cache: join(env.HOME as string, '.cache/padlock') }
}

const crds = await readFile(join(root, 'tools/kubernetes/operator-crds.ts'), 'utf8')
const sum = /'(h1:[^']+)'/.exec(crds)?.[1] as string

t.test('without Go and without an earlier build there is nothing to test with', async (t) => {
  const { env } = await kubernetesMachine(t)
  await t.rejects(checkKubernetes(env), { constructor: NoGo, message: noGo })
})

t.test('make test-kubernetes then counts as skipped and says why', async (t) => {
  const { env } = await kubernetesMachine(t)
  const summary = join(root, '.tap/summary-kubernetes')
  t.teardown(() => rm(summary, { force: true }))
  const program = join(root, 'tools/test/kubernetes.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, ...env, XDG_CACHE_HOME: '' },
  })
  t.equal(stdout, `skipped the tests on Kubernetes: ${noGo}\n0 passed, 0 failed, 1 skipped\n`)
  t.equal(await readFile(summary, 'utf8'), '0 passed, 0 failed, 1 skipped\n')
})

t.test('what is built stands in one folder of the cache, and is found there without Go', async (t) => {
  const { env, cache } = await kubernetesMachine(t, goScript(sum))
  const folder = await kubernetesPrograms({ env, log: () => {} })
  t.match(folder, new RegExp(`^${cache}/kubernetes-\\d+\\.\\d+\\.\\d+-[0-9a-f]{8}$`))
  t.strictSame((await readdir(folder)).sort(), [
    ...['crds', 'etcd', 'helm', 'kube-apiserver', 'kube-controller-manager', 'kubectl'],
    'vault-auth-kubernetes',
  ])
  t.equal((await readdir(join(folder, 'crds'))).length, 2)
  const without = { ...env, PATH: '' }
  await t.resolves(checkKubernetes(without))
  t.equal(await kubernetesPrograms({ env: without, log: () => t.fail('nothing is built') }), folder)
})

t.test('an operator that is not the pinned one is not kept', async (t) => {
  const { env, cache } = await kubernetesMachine(t, goScript('h1:another='))
  await mkdir(cache, { recursive: true })
  await t.rejects(kubernetesPrograms({ env, log: () => {} }), /is not the one that .* pins/)
  t.strictSame(await readdir(cache), [])
})

t.test('every module of the staging tree is of the version of Kubernetes itself', async (t) => {
  const text = await readFile(join(root, 'tools/kubernetes/go.mod'), 'utf8')
  const [, version] = /^\s*k8s\.io\/kubernetes v1\.(\S+)/m.exec(text) ?? []
  const replaced = [...text.matchAll(/^\t(k8s\.io\/\S+) => (k8s\.io\/\S+) v0\.(\S+)$/gm)]
  t.equal(replaced.length, 33)
  for (const [, from, to, by] of replaced) {
    t.strictSame([to, by], [from, version])
  }
})
