import type { FastifyInstance } from 'fastify'

/** How often the log tells of it, in milliseconds. */
const reportMs = 1_000

/**
 * Goes on when a connection cannot be taken, which is so while no file descriptor is left (EMFILE): Node would end
 * the process, and with it all the connections that are well.
 */
export function surviveAcceptErrors(app: FastifyInstance): void {
  let refused = 0
  // Not before it listens: what keeps it from listening is to stop the start.
  app.server.once('listening', () => {
    app.server.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (refused++ > 0) return
      setTimeout(() => {
        app.log.error({ code, refused }, 'connections cannot be taken: is the limit of open files too low?')
        refused = 0
      }, reportMs).unref()
    })
  })
}
