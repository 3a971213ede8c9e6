import type { FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'

/** Fields that say one thing only: of two, Node keeps the first, and whatever stands before Padlock may read the last. */
const singletons: ReadonlySet<string> = new Set(['host', 'content-type'])

function refuse(detail: string): never {
  throw new PadlockError('invalid_request', { detail })
}

/**
 * Refuses a head that Node lets pass or would answer with a bare status.
 *
 * @throws PadlockError `invalid_request`
 */
export function checkRequestHead({ raw }: FastifyRequest): void {
  // Node takes HTTP/0.9, which has no head, and HTTP/2.0, which is not written like this.
  if (raw.httpVersion !== '1.1' && raw.httpVersion !== '1.0') {
    refuse('This version of HTTP is not spoken here.')
  }
  // RFC 9112 §3.2: a target has no fragment. What stands before Padlock may cut it off, and see another address.
  if (raw.url?.includes('#')) {
    refuse('The address has a fragment, which is not for a server.')
  }
  const seen = new Set<string>()
  for (let i = 0; i < raw.rawHeaders.length; i += 2) {
    const name = (raw.rawHeaders[i] as string).toLowerCase()
    if (!singletons.has(name)) {
      continue
    }
    if (seen.has(name)) {
      refuse(`There is more than one ${name} field.`)
    }
    seen.add(name)
  }
  // RFC 9112 §3.2
  if (raw.httpVersion === '1.1' && !seen.has('host')) {
    refuse('The Host field is missing.')
  }
  // RFC 9112 §6.1: Node unframes `gzip, chunked`, and would hand on the compressed bytes.
  const coding = raw.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    refuse('This Transfer-Encoding is not known here.')
  }
}
