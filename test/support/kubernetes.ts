import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** A manifest, as far as the tests read it. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: its kind's own form, which the schemas judge.
  spec?: any
  data?: Record<string, string>
  automountServiceAccountToken?: boolean
}

/** What `kubectl kustomize` makes of a folder. */
export async function kustomized(folder: string): Promise<Manifest[]> {
  const { stdout } = await run('kubectl', ['kustomize', folder])
  return parseAllDocuments(stdout).map((document) => document.toJS())
}

/** The package's module for an `apiVersion`; the core group has no name. */
const moduleOf = (apiVersion: string) => `kubernetes-models/${apiVersion}`

/** What Kubernetes' own schemas say against a manifest: what is missing, of a wrong type, or out of a list. */
export async function schemaFaults(manifest: Manifest): Promise<string[]> {
  const models = await import(moduleOf(manifest.apiVersion))
  const Model = models[manifest.kind]
  if (Model === undefined) {
    return [`no ${manifest.kind} in ${manifest.apiVersion}`]
  }
  try {
    new Model(manifest).validate()
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/**
 * What the types made from those schemas say against manifests: above all, names of fields that there are not, which
 * a schema of Kubernetes lets pass and a cluster drops or refuses.
 */
export async function typeFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'padlock-kubernetes-'))
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const lines = manifests.flatMap(({ apiVersion, kind }, i) => [
      `import type { I${kind} as Kind${i} } from '${moduleOf(apiVersion)}'`,
      `export const manifest${i}: Kind${i} = ${JSON.stringify(manifests[i])}`,
    ])
    const file = join(folder, 'manifests.ts')
    await writeFile(file, lines.join('\n'))
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig', file]
    const tsc = join(root, 'node_modules/.bin/tsc')
    // What tap hands to child processes by NODE_OPTIONS cannot load tsc, an ES module.
    const failed = await run('env', ['-u', 'NODE_OPTIONS', process.execPath, tsc, ...options]).then(
      () => undefined,
      (error: { stdout: string }) => error,
    )
    return failed === undefined ? [] : failed.stdout.trim().split('\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
