import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

/** One answer as it came over the wire. */
export interface RawAnswer {
  status: number
  /** names in lower case; several of one name are joined by ", " */
  headers: Headers
  body: string
}

/** A step that waits for one more answer, or for the end of the connection. */
export const nextAnswer: unique symbol = Symbol('the next answer')

/** What a bare connection is told to do: send bytes, or text as Latin-1; pause for milliseconds; end (null); wait. */
export type RawStep = Buffer | string | number | null | typeof nextAnswer

/** Takes one answer off the front of what has arrived; undefined when it is not whole yet. */
function takeAnswer(bytes: Buffer, ended: boolean): { answer: RawAnswer; rest: Buffer } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) {
    return undefined
  }
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const match = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine as string)
  if (match === null) {
    throw new Error(`not an HTTP answer: ${statusLine}`)
  }
  const headers = new Headers()
  for (const line of lines) {
    headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1))
  }
  const status = Number(match[1])
  const start = headEnd + 4
  if (status === 100) {
    return takeAnswer(bytes.subarray(start), ended)
  }
  const length = headers.get('content-length')
  // An answer to HEAD has a length and no body: it is whole when the connection ends.
  const end = Math.min(
    length === null ? Number.POSITIVE_INFINITY : start + Number(length),
    ended ? bytes.length : Number.POSITIVE_INFINITY,
  )
  if (bytes.length < end) {
    return undefined
  }
  return {
    answer: { status, headers, body: bytes.subarray(start, end).toString('utf8') },
    rest: bytes.subarray(end),
  }
}

/**
 * Sends exactly these bytes on a connection of their own, as no HTTP client would, and reads what comes back.
 *
 * @param answers how many are waited for; without it, all until the server ends the connection
 * @param ca speaks TLS, and trusts this authority (PEM)
 * @returns the answers, until there are enough of them or the server has ended the connection
 * @throws Error after 20 seconds without either: a server that neither answers nor hangs up
 */
export async function sendRaw(
  url: string,
  steps: RawStep[],
  answers = Number.POSITIVE_INFINITY,
  ca?: string,
): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(url)
  const to = { host: hostname, port: Number(port) }
  const socket: Socket =
    ca === undefined ? connect({ ...to, allowHalfOpen: true }) : connectTls({ ...to, ca })
  const found: RawAnswer[] = []
  let awaited = 0
  let oneMore = () => {}
  let bytes: Buffer = Buffer.alloc(0)
  const done = new Promise<void>((resolve, reject) => {
    const take = (ended: boolean) => {
      try {
        for (let next = takeAnswer(bytes, ended); next !== undefined; next = takeAnswer(bytes, ended)) {
          found.push(next.answer)
          bytes = next.rest
        }
        if (found.length >= awaited) {
          oneMore()
        }
      } catch (error) {
        reject(error)
      }
      if (ended || found.length >= answers) {
        resolve()
      }
    }
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      take(false)
    })
    socket.once('end', () => take(true))
    // A reset after the answer is a server that did not read the rest of the request.
    socket.once('error', () => take(true))
    socket.once('close', () => take(true))
    socket.setTimeout(20_000, () => reject(new Error('the server neither answered nor hung up')))
  })
  try {
    for (const step of steps) {
      if (step === nextAnswer) {
        awaited += 1
        const come = new Promise<void>((resolve) => {
          oneMore = resolve
        })
        if (found.length < awaited) {
          await Promise.race([come, done])
        }
      } else if (typeof step === 'number') {
        await Promise.race([delay(step), done])
      } else if (step === null) {
        socket.end()
      } else if (socket.writable) {
        socket.write(typeof step === 'string' ? Buffer.from(step, 'latin1') : step)
      }
    }
    await done
    return found
  } finally {
    socket.destroy()
  }
}

/**
 * Sends what must be answered once.
 *
 * @throws Error when it is not
 */
export async function answerTo(url: string, steps: RawStep[]): Promise<RawAnswer> {
  const answers = await sendRaw(url, steps)
  if (answers.length !== 1) {
    throw new Error(`${answers.length} answers in place of one`)
  }
  return answers[0] as RawAnswer
}

/** A good request for a token in its parts, to be put together wrongly. */
export async function goodParts(callers: { token(): Promise<string> }) {
  const authorization = `Authorization: Bearer ${await callers.token()}`
  const json = 'Content-Type: application/json'
  return {
    path: tokenPath,
    body: '{"userId":"u-1"}',
    authorization,
    json,
    good: [authorization, json, 'Connection: close'],
  }
}

const tokenPath = '/v1/profiles/default/tokens'

/** A POST for a token as text, its parts to be changed by a test. */
export function rawPost(headers: readonly string[], body: Buffer | string = '', path = tokenPath): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const framed = headers.some((line) => /^(content-length|transfer-encoding)\s*:/i.test(line))
  const lines = [`POST ${path} HTTP/1.1`, 'Host: padlock.test', ...headers]
  if (!framed) {
    lines.push(`Content-Length: ${bytes.length}`)
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
}
