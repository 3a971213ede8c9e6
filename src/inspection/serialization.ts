import type { FaultList } from './faults.ts'

/** A token's text, unwrapped: compact parts as they came, or what stands in their place. */
export type Serialized = { kind: 'jwe' | 'jws'; parts: string[] } | { kind: 'json' | 'other' }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The names that answers give a token; Padlock's own is the first. */
const tokenMembers = ['token', 'jwe', 'jwt', 'access_token', 'id_token']

const texts = (...values: unknown[]): string[] =>
  values.map((value) => (typeof value === 'string' ? value : ''))

/** The parts that the compact serialization would have, of a flattened or general JSON one (RFC 7515 §7.2, RFC 7516 §7.2). */
function fromJsonSerialization(object: Record<string, unknown>): Serialized | undefined {
  const first = (list: unknown) => (Array.isArray(list) && isObject(list[0]) ? list[0] : object)
  if ('ciphertext' in object) {
    const key = first(object.recipients).encrypted_key
    return { kind: 'jwe', parts: texts(object.protected, key, object.iv, object.ciphertext, object.tag) }
  }
  if ('payload' in object && ('signature' in object || 'signatures' in object)) {
    const signed = first(object.signatures)
    return { kind: 'jws', parts: texts(signed.protected, object.payload, signed.signature) }
  }
  return undefined
}

function unwrapJson(text: string, what: string, findings: FaultList): Serialized | string {
  const value = parse(text)
  if (!isObject(value) && typeof value !== 'string') {
    return text
  }
  const serialized = isObject(value) ? fromJsonSerialization(value) : undefined
  if (serialized) {
    findings.add('json_serialization', `${what} is in JSON serialization.`)
    return serialized
  }
  const inside = isObject(value)
    ? tokenMembers.map((name) => value[name]).find((it) => typeof it === 'string')
    : value
  if (typeof inside !== 'string') {
    return { kind: 'json' }
  }
  findings.add('token_in_json', `${what} stands inside JSON.`)
  return inside
}

/**
 * Takes off what does not belong around a token, each as a fault, and splits it at its dots.
 *
 * @param what names the text in the faults
 */
export function readSerialization(input: string, what: string, findings: FaultList): Serialized {
  let text = input
  if (/^\s*["{]/.test(text)) {
    const unwrapped = unwrapJson(text.trim(), what, findings)
    if (typeof unwrapped !== 'string') {
      return unwrapped
    }
    text = unwrapped
  }
  if (/^\s*(authorization:\s*)?bearer\s/i.test(text)) {
    findings.add('bearer_prefix', `${what} begins with "Bearer".`)
    text = text.replace(/^\s*(authorization:\s*)?bearer\s+/i, '')
  }
  if (/%[0-9a-f]{2}/i.test(text)) {
    findings.add('percent_encoded', `${what} holds percent signs, as URLs do.`)
    text = text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  if (/\s/.test(text)) {
    findings.add('white_space', `${what} holds line ends or other white space.`)
    text = text.replace(/\s+/g, '')
  }
  if (text === '') {
    findings.add('empty', `${what} is empty.`)
    return { kind: 'other' }
  }
  const parts = text.split('.')
  if (parts.length === 5) {
    return { kind: 'jwe', parts }
  }
  if (parts.length === 3) {
    return { kind: 'jws', parts }
  }
  return { kind: 'other' }
}
