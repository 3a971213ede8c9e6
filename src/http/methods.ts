import type { FastifyInstance } from 'fastify'

/**
 * Collects each route's methods while they are registered, so that a known path with another method can
 * be told from an unknown path (RFC 9110 §15.5.6).
 *
 * @returns a function from a request's target to the methods of its path, or undefined for an unknown path
 */
export function knownMethods(app: FastifyInstance): (target: string) => string[] | undefined {
  const routes = new Map<string, { path: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', (route) => {
    const path = route.url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')
    const entry = routes.get(path) ?? { path: new RegExp(`^${path}$`), methods: new Set() }
    for (const method of [route.method].flat()) entry.methods.add(method)
    routes.set(path, entry)
  })
  return (target) => {
    const path = target.split('?', 1)[0] as string
    const found = [...routes.values()].find((route) => route.path.test(path))
    return found === undefined ? undefined : [...found.methods]
  }
}
