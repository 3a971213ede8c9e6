import type { FastifyInstance } from 'fastify'
import { build } from '../../build.ts'
import type { Config } from '../../config/schema.ts'
import type { Log } from '../../log.ts'

/**
 * Connections that may wait until they are taken: as many as the system lets wait (net.core.somaxconn). Node asks for
 * 511; the next would try again a second later, and after two and four more, which looks like a hang.
 */
const backlog = 65_535

/** What each port's listener says once it listens. */
const listening = { PADLOCK_PORT: 'listening', PADLOCK_ADMIN_PORT: 'listening for operators' }

/** Begins to take connections; says in the log where, or why it cannot, and whether it does. */
export async function listen(
  app: FastifyInstance,
  config: Config,
  log: Log,
  variable: keyof typeof listening = 'PADLOCK_PORT',
): Promise<boolean> {
  const { PADLOCK_HOST: host, [variable]: port = 0 } = config
  try {
    const address = await app.listen({ host, port, backlog })
    log.info({ address, pid: process.pid, build }, listening[variable])
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.fatal({ code }, `cannot listen on ${host}:${port} (PADLOCK_HOST, ${variable})`)
    return false
  }
}
