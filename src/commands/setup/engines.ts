import { refused } from '../../cli/exit.ts'
import { enableKv, enableTransit, type Mount } from '../../vault/admin/mounts.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { type Step, unchanged } from './step.ts'

/** The step of the transit engine. */
export function planTransit(client: VaultClient, engines: Map<string, Mount>, path: string): Step {
  const kind = 'transit engine'
  const mount = engines.get(path)
  if (mount === undefined) {
    return { kind, name: path, state: 'create', detail: 'mounted', apply: () => enableTransit(client, path) }
  }
  if (mount.type === 'transit') {
    return unchanged(kind, path, 'mounted')
  }
  throw refused(
    `At ${path}/ there is an engine of type ${mount.type}, not transit: give another path with --transit-mount.`,
  )
}

/** The step of the KV store of version 2. */
export function planKv(client: VaultClient, engines: Map<string, Mount>, path: string): Step {
  const kind = 'KV store'
  const mount = engines.get(path)
  if (mount === undefined) {
    const detail = 'mounted, version 2'
    return { kind, name: path, state: 'create', detail, apply: () => enableKv(client, path) }
  }
  if (mount.type !== 'kv') {
    throw refused(
      `At ${path}/ there is an engine of type ${mount.type}, not kv: give another path with --kv-mount.`,
    )
  }
  if (mount.kvVersion === '2') {
    return unchanged(kind, path, 'mounted, version 2')
  }
  throw refused(
    `The KV store at ${path}/ is of version 1, which knows no check-and-set: give another path with --kv-mount, ` +
      `or upgrade it with \`vault kv enable-versioning ${path}\`.`,
  )
}
