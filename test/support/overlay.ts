import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { docsBlock } from './documents.ts'

const root = join(import.meta.dirname, '../..')

/**
 * Takes the steps of docs/kubernetes.md up to `kubectl apply`: the namespace, and the overlay in the cluster's folder.
 *
 * @returns the text of its kustomization.yaml
 */
export async function prepareOverlay({ dir, ca, shell }: Cluster): Promise<string> {
  await symlink(ca.certFile, join(dir, 'ca.crt'))
  await shell(await docsBlock('kubernetes.md', 'namespace'))
  await symlink(root, join(dir, 'padlock'))
  const overlay = await docsBlock('kubernetes.md', 'kustomization.yaml')
  await writeFile(join(dir, 'kustomization.yaml'), overlay)
  return overlay
}
