import { createContext, runInContext } from 'node:vm'

/** What a page hands to the iAdvize tag. */
export interface Activation {
  authenticationOption: { type: string; token: string }
}

/**
 * A page of a shop with an iAdvize tag that does as its documentation says, for scripts to be run in.
 *
 * @param origin the shop's
 * @param cookie what the browser sends with each call
 * @param url where the shop answers, if that is not its origin
 */
export function shopPage(origin: string, cookie: string, url = origin) {
  const calls: string[] = []
  const started: Promise<unknown>[] = []
  let given: Activation | undefined
  const iAdvize = {
    async activate(provider: () => Promise<Activation>) {
      calls.push('activate')
      for (let attempt = 0; attempt < 4; attempt++) {
        given = await provider().catch(() => undefined)
        if (given !== undefined) {
          return { authentication: { option: given.authenticationOption, status: 'authentication-success' } }
        }
      }
      return { authentication: { status: 'authentication-failure', reason: 'no token' } }
    },
    logout: async () => calls.push('logout'),
  }
  const push = (use: (tag: typeof iAdvize) => unknown) => started.push(Promise.resolve(use(iAdvize)))
  const stored: string[] = []
  const storage = { setItem: (name: string) => stored.push(name) }
  const warnings: unknown[][] = []
  const logged: unknown[][] = []
  const context = createContext({
    window: { iAdvizeInterface: { push } },
    fetch: (path: string, init: RequestInit) => {
      calls.push(`${init.method} ${path}`)
      return fetch(url + path, { ...init, headers: { ...init.headers, cookie, origin } })
    },
    AbortSignal,
    console: {
      warn: (...words: unknown[]) => warnings.push(words),
      log: (...words: unknown[]) => logged.push(words),
    },
    localStorage: storage,
    sessionStorage: storage,
  })
  return {
    calls,
    stored,
    warnings,
    logged,
    given: () => given,
    run: async (script: string) => {
      runInContext(script, context)
      await Promise.all(started)
    },
  }
}
