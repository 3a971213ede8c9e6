import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Binds a TCP port for a moment, to learn whether it is free.
 *
 * @param port 0 asks the system for any free port
 * @returns the port, now free again
 * @throws the system's own error, with `code` EADDRINUSE or EACCES
 */
export async function freePort(port: number, host: string): Promise<number> {
  const server = createServer()
  server.listen({ port, host, exclusive: true })
  await once(server, 'listening')
  const { port: free } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return free
}
