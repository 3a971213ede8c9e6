import type { FastifyInstance } from 'fastify'
import { PadlockError } from '../../errors.ts'

/**
 * Collects each route's methods while they are registered, so that a known path with another method can
 * be distinguished from an unknown path (RFC 9110 §15.5.6).
 *
 * @returns a function from a request's target to the methods of its path, or undefined for an unknown path
 */
export function knownMethods(app: FastifyInstance): (target: string) => string[] | undefined {
  const routes = new Map<string, { path: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', (route) => {
    const path = route.url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')
    const entry = routes.get(path) ?? { path: new RegExp(`^${path}$`), methods: new Set() }
    for (const method of [route.method].flat()) {
      entry.methods.add(method)
    }
    routes.set(path, entry)
  })
  return (target) => {
    const path = target.split('?', 1)[0] as string
    const found = [...routes.values()].find((route) => route.path.test(path))
    return found === undefined ? undefined : [...found.methods]
  }
}

/**
 * Refuses unknown addresses with 404, and unknown methods of known ones with 405.
 *
 * @param methodsOf what `knownMethods` returns
 */
export function answerUnknown(app: FastifyInstance, methodsOf: ReturnType<typeof knownMethods>): void {
  // Here and not in the not-found handler, before which Fastify would read and judge the body.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) {
      return done()
    }
    const methods = methodsOf(request.url)
    if (methods === undefined) {
      return done(new PadlockError('not_found'))
    }
    reply.header('Allow', methods.join(', '))
    return done(new PadlockError('method_not_allowed'))
  })
  app.setNotFoundHandler(() => {
    throw new PadlockError('not_found')
  })
}
