import type { FastifyInstance } from 'fastify'
import { build } from '../../build.ts'
import type { Config } from '../../config.ts'
import type { Log } from '../log.ts'

/**
 * Connections that may wait until they are taken: as many as the system lets wait (net.core.somaxconn). Node asks for
 * 511; the next would try again a second later, and after two and four more, which looks like a hang.
 */
const backlog = 65_535

/** Begins to take connections; says in the log where, or why it cannot, and whether it does. */
export async function listen(app: FastifyInstance, config: Config, log: Log): Promise<boolean> {
  const { PADLOCK_HOST: host, PADLOCK_PORT: port } = config
  try {
    const address = await app.listen({ host, port, backlog })
    log.info({ address, pid: process.pid, build }, 'listening')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.fatal({ code }, `cannot listen on ${host}:${port} (PADLOCK_HOST, PADLOCK_PORT)`)
    return false
  }
}
