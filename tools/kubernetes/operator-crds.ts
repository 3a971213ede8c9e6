import { execFile } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MODULE = 'github.com/prometheus-operator/prometheus-operator'
/** The Prometheus operator whose definitions the chart's monitors and rules are tried with. */
export const operatorVersion = '0.85.0'
// Not in go.mod: nothing of it is built, and what it requires would go before the others' versions.
const SUM = 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s='

/**
 * Gets the operator's definitions of `ServiceMonitor` and `PrometheusRule` out of its module, as `crds/*.yaml` of a folder.
 *
 * @throws Error where the module cannot be had, or is another one than is pinned here
 */
export async function addOperatorCrds(go: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['mod', 'download', '-json', `${MODULE}@v${operatorVersion}`]
  // Outside any module, whose go.sum it would want to change.
  const { stdout } = await promisify(execFile)(go, args, { cwd: tmpdir(), env }).catch((error: Error) => {
    throw new Error(`The Prometheus operator could not be had: check the network.\n${error.message}`)
  })
  const { Sum: sum, Dir: from } = JSON.parse(stdout) as { Sum: string; Dir: string }
  if (sum !== SUM) {
    throw new Error(
      `The Prometheus operator ${operatorVersion} is not the one that ${import.meta.filename} pins.`,
    )
  }
  await mkdir(join(folder, 'crds'))
  for (const name of ['servicemonitors', 'prometheusrules']) {
    const file = `monitoring.coreos.com_${name}.yaml`
    await copyFile(join(from, 'example/prometheus-operator-crd', file), join(folder, 'crds', file))
  }
}
