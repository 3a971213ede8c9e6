import { hash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { cachePath } from '../cache/user-cache.ts'
import { isExecutable } from '../vault/executable.ts'
import { buildOnce, findGo, type GoBuild, type GoBuildOptions } from '../vault/go-build.ts'
import { addOperatorCrds, operatorVersion } from './operator-crds.ts'

const FOLDER = import.meta.dirname

/** Each program's name, and its package. */
const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  helm: 'helm.sh/helm/v4/cmd/helm',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  // Vault's own method; the Vault of the tests is built without it.
  'vault-auth-kubernetes':
    'github.com/hashicorp/vault-plugin-auth-kubernetes/cmd/vault-plugin-auth-kubernetes',
}

/** What the tests on Kubernetes run: each stands in one folder, under its name. */
export type KubernetesProgram = keyof typeof PACKAGES

/**
 * Builds what `tools/kubernetes/go.mod` pins, or finds it in the user's cache; several processes may call this at once.
 *
 * @returns the absolute path of a folder with each KubernetesProgram, and `crds/` of the Prometheus operator
 * @throws Error with one sentence that says what to do: no Go, a Go that is too old, a build that failed
 */
export async function kubernetesPrograms(options: GoBuildOptions): Promise<string> {
  const build = await kubernetesBuild(options.env)
  return (await isExecutable(build.program)) ? build.target : buildOnce(build, options)
}

/**
 * Whether there is anything to run the tests with.
 *
 * @throws NoGo where nothing was built and no Go can build it
 */
export async function checkKubernetes(env: NodeJS.ProcessEnv): Promise<void> {
  const build = await kubernetesBuild(env)
  if (!(await isExecutable(build.program))) {
    await findGo(build, env)
  }
}

async function kubernetesBuild(env: NodeJS.ProcessEnv): Promise<GoBuild> {
  const text = await readFile(join(FOLDER, 'go.mod'), 'utf8')
  const pinned = (module: string) => {
    const version = new RegExp(`^\\s*${module} v?(\\S+)`, 'm').exec(text)?.[1]
    if (version === undefined) {
      throw new Error(`tools/kubernetes/go.mod does not pin ${module}.`)
    }
    return version
  }
  const version = pinned('k8s.io/kubernetes')
  // Whatever is pinned anew is built anew.
  const pins = hash('sha256', JSON.stringify([text, PACKAGES, operatorVersion]), 'hex').slice(0, 8)
  const target = cachePath(env, `kubernetes-${version}-${pins}`)
  return {
    name: 'Kubernetes',
    version,
    folder: FOLDER,
    goVersion: pinned('go'),
    packages: Object.values(PACKAGES),
    flags: [],
    // Clients ask the server for its version.
    ldflags: `-s -w -X k8s.io/component-base/version.gitVersion=v${version}`,
    target,
    program: join(target, 'kubectl'),
    minutes: '10 to 20 minutes',
    otherwise: '',
    finish: async (go, built) => {
      await rename(join(built, 'server'), join(built, 'etcd'))
      await rename(join(built, 'vault-plugin-auth-kubernetes'), join(built, 'vault-auth-kubernetes'))
      await addOperatorCrds(go, built, env)
    },
  }
}
