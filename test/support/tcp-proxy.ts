import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Stands between Padlock and Vault, as a network or a balancer does; what goes wrong there is set while it runs. */
export interface TcpProxy {
  address: string
  /** Vault's address; undefined for one that refuses connections */
  target: string | undefined
  /** what comes back arrives so much later, in milliseconds */
  latencyMs: number
  /** connections that were taken, and those of them that have ended */
  opened: number
  closed: number
  /** Resets every connection as soon as the next bytes come back on it. */
  resetNextAnswers(): void
  /** Resets every connection now. */
  resetAll(): void
}

/** Starts a proxy on a free port; it ends with the test. */
export async function tcpProxy(t: Pick<Test, 'teardown'>, target: string): Promise<TcpProxy> {
  const pairs = new Map<Socket, { server: Socket; reset: boolean }>()

  function end(client: Socket): void {
    pairs.get(client)?.server.destroy()
    pairs.delete(client)
    client.resetAndDestroy()
  }

  const listener = createServer((client) => {
    if (proxy.target === undefined) {
      client.resetAndDestroy()
      return
    }
    proxy.opened += 1
    const { hostname, port } = new URL(proxy.target)
    const server = connect(Number(port), hostname)
    const pair = { server, reset: false }
    pairs.set(client, pair)
    client.on('data', (bytes) => server.write(bytes))
    server.on('data', (bytes) => {
      if (pair.reset) {
        // Half of it arrives: the answer breaks off in its middle.
        client.write(bytes.subarray(0, bytes.length / 2), () => end(client))
        return
      }
      if (proxy.latencyMs === 0) {
        client.write(bytes)
      } else {
        setTimeout(() => client.writable && client.write(bytes), proxy.latencyMs)
      }
    })
    for (const socket of [client, server]) {
      socket.on('error', () => end(client))
    }
    client.on('close', () => {
      proxy.closed += 1
      server.destroy()
      pairs.delete(client)
    })
    server.on('close', () => {
      if (proxy.latencyMs === 0) {
        client.destroy()
      } else {
        setTimeout(() => client.destroy(), proxy.latencyMs)
      }
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const proxy: TcpProxy = {
    address: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    target,
    latencyMs: 0,
    opened: 0,
    closed: 0,
    resetNextAnswers() {
      for (const pair of pairs.values()) {
        pair.reset = true
      }
    },
    resetAll() {
      for (const client of pairs.keys()) {
        end(client)
      }
    },
  }
  t.teardown(() => {
    listener.close()
    proxy.resetAll()
  })
  return proxy
}
