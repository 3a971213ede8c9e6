import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { freePort } from '../../dev/free-port.ts'
import { endingWithParent } from '../../dev/vault-process.ts'
import { until } from '../../test/support/wait.ts'
import type { Cleanup } from '../targets/target.ts'

/** What tells that a server is well; a standby that answers counts as well too (Vault API, sys/health). */
export type HealthPath = '/v1/sys/health?standbyok=true' | '/health/ready'

/** Each request goes where the fewest are, over connections that are kept. */
const defaults = (health: HealthPath) => `global
  nbthread 1
defaults
  mode http
  balance leastconn
  http-reuse always
  option httpchk GET ${health}
  timeout connect 2s
  timeout client 60s
  timeout server 60s
`

async function isWell(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.status === 200
}

/**
 * Starts HAProxy (Debian's package `haproxy`) and waits until a server answers through each of its balancers.
 *
 * @param file where its configuration goes
 * @param groups addresses of servers: there is one balancer for each group, in this order
 * @returns its process id and the balancers' addresses
 * @throws Error when it ends before
 */
export async function startBalancers(
  t: Cleanup,
  file: string,
  groups: readonly (readonly string[])[],
  health: HealthPath,
): Promise<{ pid: number; urls: string[] }> {
  const parts: string[] = []
  const urls: string[] = []
  for (const [i, addresses] of groups.entries()) {
    const port = await freePort(0, '127.0.0.1')
    const servers = addresses.map((address, n) => `  server s${n} ${new URL(address).host} check inter 2s`)
    parts.push([`listen balancer-${i}`, `  bind 127.0.0.1:${port}`, ...servers, ''].join('\n'))
    urls.push(`http://127.0.0.1:${port}`)
  }
  await writeFile(file, defaults(health) + parts.join(''))
  const [command, ...words] = await endingWithParent(['haproxy', '-db', '-q', '-f', file])
  const child = spawn(command as string, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  for (const url of urls) {
    await until(() => child.exitCode !== null || isWell(url + health))
  }
  if (child.exitCode !== null) {
    throw new Error(`HAProxy ended with ${child.exitCode}: see its message above.`)
  }
  return { pid: child.pid as number, urls }
}
