import { visit } from 'jsonc-parser'
import { PadlockError } from '../../errors.ts'

/** Largest body in bytes. */
export const bodyLimitBytes = 16 * 1024

/**
 * Deepest nesting of objects and arrays that is read. The contract's own is 2: what is deeper is named by the
 * schema, with a pointer to where it begins, and this only bounds the recursion of the check of keys.
 */
const maxDepth = 32

// Fatal: two bodies with different invalid bytes must not decode to one userId. The mark is kept, to be refused.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const prototypeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function refuse(detail: string): never {
  throw new PadlockError('invalid_json', { detail })
}

function decode(body: Uint8Array): string {
  try {
    return decoder.decode(body)
  } catch {
    return refuse('The body is not valid UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('The body is not JSON (RFC 8259).')
  }
}

/** Refuses what JSON.parse lets pass: of two equal keys the last would win, and the first would be lost. */
function checkKeys(text: string): void {
  const open: Set<string>[] = []
  let depth = 0
  const enter = () => {
    depth += 1
    if (depth > maxDepth) {
      refuse(`The body is nested deeper than ${maxDepth} levels.`)
    }
  }
  visit(text, {
    onObjectBegin() {
      enter()
      open.push(new Set())
    },
    onObjectProperty(key) {
      if (prototypeKeys.has(key)) {
        refuse('The body has a key with a meaning to JavaScript.')
      }
      const keys = open.at(-1) as Set<string>
      if (keys.has(key)) {
        refuse('An object of the body has the same key twice.')
      }
      keys.add(key)
    },
    onObjectEnd() {
      depth -= 1
      open.pop()
    },
    onArrayBegin: enter,
    onArrayEnd() {
      depth -= 1
    },
  })
}

/**
 * Parses a JSON body with nothing repaired: strict UTF-8, no byte-order mark, no duplicate key at any depth,
 * no key that reaches a prototype, no nesting without end.
 *
 * @throws PadlockError `invalid_json`
 */
export function parseJsonBody(body: Uint8Array): unknown {
  const text = decode(body)
  if (text.startsWith('\uFEFF')) {
    refuse('The body begins with a byte-order mark.')
  }
  if (text.trim() === '') {
    refuse('The body is empty.')
  }
  const value = parse(text)
  checkKeys(text)
  return value
}
