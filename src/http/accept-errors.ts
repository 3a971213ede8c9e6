import type { FastifyInstance } from 'fastify'
import { countedReport } from './counted-report.ts'

/**
 * Goes on when a connection cannot be taken, which is so while no file descriptor is left (EMFILE): Node would end
 * the process, and with it all the connections that are well.
 */
export function surviveAcceptErrors(app: FastifyInstance): void {
  const report = countedReport((refused, { code }: NodeJS.ErrnoException) =>
    app.log.error({ code, refused }, 'connections cannot be taken: is the limit of open files too low?'),
  )
  // Not before it listens: what keeps it from listening is to stop the start.
  app.server.once('listening', () => app.server.on('error', report))
}
