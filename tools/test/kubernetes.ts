import { checkKubernetes, kubernetesPrograms } from '../kubernetes/programs.ts'
import { NoGo } from '../vault/go.ts'
import { runTests, skipTests } from './tap-run.ts'

// Tries ops/kubernetes and ops/helm on a real API server, which takes long to build: not for every run of the tests.

const summaryFile = '.tap/summary-kubernetes'
const asked = process.argv.slice(2)

try {
  await checkKubernetes(process.env)
  await runTests({
    files: asked.length > 0 ? asked : ['test/kubernetes'],
    programs: { openssl: 'openssl', curl: 'curl' },
    // A cluster for each file: several at once would be slower than one after the other.
    options: ['--jobs=1'],
    prepare: async (signal) => ({
      KUBERNETES_PROGRAMS: await kubernetesPrograms({ env: process.env, log: console.log, signal }),
    }),
    summaryFile,
  })
} catch (error) {
  if (!(error instanceof NoGo)) {
    throw error
  }
  skipTests(`the tests on Kubernetes: ${error.message}`, summaryFile)
}
