// Takes the place of undici in the package: the parts that Padlock imports. Its own index loads all of it (caches, mocks,
// WebSocket); the bundle fails on an import that is not here.
import api from '../../node_modules/undici/lib/api/index.js'
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js'

Object.assign(Dispatcher.prototype, api)

export { default as buildConnector } from '../../node_modules/undici/lib/core/connect.js'
export { default as Agent } from '../../node_modules/undici/lib/dispatcher/agent.js'
export { default as EnvHttpProxyAgent } from '../../node_modules/undici/lib/dispatcher/env-http-proxy-agent.js'
export { default as Pool } from '../../node_modules/undici/lib/dispatcher/pool.js'

/** Only commands use it. */
export async function fetch(url, init) {
  const { default: web } = await import('../../node_modules/undici/lib/web/fetch/index.js')
  return web.fetch(url, init)
}
