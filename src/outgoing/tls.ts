import { Agent, fetch, type RequestInit, type Response } from 'undici'

/**
 * TLS options of every connection that Padlock opens. They are given each time, so that neither
 * NODE_TLS_REJECT_UNAUTHORIZED nor an option of Node's decides (docs/tls.md, "Switches of the platform").
 */
export const verifiedTls = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const

/** One for the process: only a dispatcher that is given keeps Node's own, with its proxies, out of the way. */
let direct: Agent | undefined

/**
 * `fetch` that verifies the server's certificate, follows no redirect and uses no proxy.
 *
 * @throws TypeError as `fetch` does, with the system's code in `cause`
 */
export function fetchDirectly(url: string, init: RequestInit): Promise<Response> {
  direct ??= new Agent({ connect: verifiedTls })
  return fetch(url, { ...init, redirect: 'error', dispatcher: direct })
}
