import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { freePort } from '../../../dev/free-port.ts'

/** The shop's address as browsers know it: a proxy that speaks TLS is in front of it. */
export const shopOrigin = 'https://shop.test'

/** How a program is started. */
export interface ShopProgram {
  command: string
  args: string[]
  cwd: string
  env?: Record<string, string | undefined>
}

/** A shop that runs. */
export interface Shop {
  /** where it answers */
  url: string
  /** all that it wrote */
  log(): string
  /** Calls it as a browser does that has a page of this origin open, through a proxy that speaks TLS. */
  call(path: string, options?: CallOptions): Promise<Response>
  /** Logs in; the cookie of the session, or undefined where the log-in is refused. @param cookie of a session before */
  logIn(name: string, password?: string, cookie?: string): Promise<string | undefined>
  stop(): Promise<void>
}

export interface CallOptions {
  method?: string
  /** null: none at all */
  origin?: string | null
  cookie?: string
  body?: unknown
}

/** Starts a shop on a free port and waits until it answers. It ends with the test. */
export async function startShop(t: Pick<Test, 'teardown'>, program: ShopProgram): Promise<Shop> {
  const port = await freePort(0, '127.0.0.1')
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    program.command,
    program.args.map((word) => word.replace('{port}', String(port))),
    {
      cwd: program.cwd,
      // tap's own options are for its own processes.
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        LC_ALL: 'C.UTF-8',
        PORT: String(port),
        SHOP_ORIGIN: shopOrigin,
        ...program.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: some programs serve by processes that they start.
      detached: true,
    },
  )
  let written = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text
    })
  }
  const stop = () => endGroup(child)
  t.teardown(stop)

  const shop: Shop = {
    url,
    log: () => written,
    stop,
    call: (path, { method = 'POST', origin = shopOrigin, cookie, body } = {}) =>
      fetch(url + path, {
        method,
        headers: {
          'x-forwarded-proto': 'https',
          ...(origin === null ? {} : { origin }),
          ...(cookie === undefined ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
      }),
    async logIn(name, password = 'padlock', cookie?: string) {
      const answer = await shop.call('/login', { body: { name, password }, ...(cookie && { cookie }) })
      await answer.arrayBuffer()
      return answer.ok ? answer.headers.getSetCookie().at(-1) : undefined
    },
  }
  await answers(url, child, () => written)
  return shop
}

async function answers(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`The shop ended with ${child.exitCode}:\n${log()}`)
    }
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    process.kill(-(child.pid as number), 'SIGTERM')
    await ended
  }
}
