import { hash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { endingWithParent } from '../../dev/vault-process.ts'
import { kubernetesProgram } from './cluster.ts'
import { type TestBackend, testBackend } from './service.ts'

const file = 'kubernetes'

/** A Vault that has the method `kubernetes`: OpenBao has it built in, the Vault of the tests as a plug-in of Vault's own. */
export async function backendWithKubernetes(t: Pick<Test, 'teardown'>): Promise<TestBackend> {
  const pluginDir = join(await mkdtemp(join(tmpdir(), 'padlock-plugins-')), 'plugins')
  t.teardown(() => rm(join(pluginDir, '..'), { recursive: true, force: true }))
  await mkdir(pluginDir)
  // A Vault that is killed leaves its plug-ins behind.
  const words = await endingWithParent([kubernetesProgram('vault-auth-kubernetes')])
  const script = `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`
  await writeFile(join(pluginDir, file), script, { mode: 0o755 })
  const backend = await testBackend(t, { pluginDir })
  if (backend.vault.product === 'Vault') {
    const sha256 = hash('sha256', await readFile(join(pluginDir, file)), 'hex')
    const { status } = await backend.vault.api('PUT', 'sys/plugins/catalog/auth/kubernetes', {
      command: file,
      sha256,
    })
    if (status !== 204 && status !== 200) {
      throw new Error(`Vault takes no plug-in: ${status}`)
    }
  }
  return backend
}
