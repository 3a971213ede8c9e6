import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What came back on a connection that was never waited for. */
export interface Pipelined {
  /** the status of each answer, by the heads that came */
  statuses: number[]
  /** how many answers said that they are the last of the connection */
  closes: number
}

/**
 * Sends bytes on a connection of its own, all at once or in pieces, and reads until it ends, whatever comes back.
 *
 * @param ca speaks TLS, and trusts this authority (PEM)
 * @throws Error after 30 seconds when the server keeps the connection open
 */
export function sendAll(url: string, pieces: (string | Buffer)[], ca?: string): Promise<Pipelined> {
  const to = { host: '127.0.0.1', port: Number(new URL(url).port) }
  const socket = ca === undefined ? connect(to) : connectTls({ ...to, ca })
  return new Promise((resolve, reject) => {
    const heads: string[] = []
    let last = ''
    socket.on('data', (chunk) => {
      const text = last + chunk.toString('latin1')
      heads.push(...(text.match(/HTTP\/1\.1 \d{3} (?=[\s\S]*?\r\n\r\n)[\s\S]*?\r\n\r\n/g) ?? []))
      const begun = text.lastIndexOf('HTTP/1.1 ')
      last = begun >= 0 && !text.includes('\r\n\r\n', begun) ? text.slice(begun) : ''
    })
    socket.once(ca === undefined ? 'connect' : 'secureConnect', async () => {
      for (const piece of pieces) {
        if (!socket.writable) {
          break
        }
        socket.write(piece)
        if (pieces.length > 1) {
          await new Promise((sent) => setTimeout(sent, 5))
        }
      }
    })
    socket.on('error', () => {})
    socket.setTimeout(30_000, () => {
      socket.destroy()
      reject(new Error('the connection is kept open'))
    })
    socket.once('close', () =>
      resolve({
        statuses: heads.map((head) => Number(head.slice(9, 12))),
        closes: heads.filter((head) => /^connection: close\r$/im.test(head)).length,
      }),
    )
  })
}
