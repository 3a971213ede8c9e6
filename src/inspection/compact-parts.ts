import { visit } from 'jsonc-parser'
import type { FaultList } from './faults.ts'

const jweParts = ['header', 'encrypted key', 'initialization vector', 'ciphertext', 'authentication tag']
const jwsParts = ['header', 'payload', 'signature']

/** The parts of a compact JWE or JWS as strict base64url, and its protected header. */
export interface CompactParts {
  parts: string[]
  header: Record<string, unknown>
}

const list = (names: string[]) => names.map((name) => `the ${name}`).join(' and ')
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** Deeper than any header or claims set: what is deeper would only use up the stack of the code that walks through it. */
const maxDepth = 32

function isTooDeep(json: string): boolean {
  let depth = 0
  return json
    .replaceAll(/"(?:[^"\\]|\\.)*"/gs, '')
    .split('')
    .some((character) => {
      if (character === '{' || character === '[') {
        depth += 1
      }
      if (character === '}' || character === ']') {
        depth -= 1
      }
      return depth > maxDepth
    })
}

/** A JSON object in strict UTF-8, 32 levels deep at the most; undefined for anything else. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (isTooDeep(text)) {
      return undefined
    }
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Makes base64url of each part, naming what was not, and reads the protected header.
 *
 * @param parts five of a JWE, three of a JWS
 * @returns undefined where a part or the header cannot be read
 */
export function readParts(parts: readonly string[], findings: FaultList): CompactParts | undefined {
  const kind = parts.length === 5 ? 'JWE' : 'JWS'
  const names = parts.length === 5 ? jweParts : jwsParts
  const whose = (test: RegExp) => list(names.filter((_name, i) => test.test(parts[i] as string)))
  const padded = whose(/=/)
  if (padded) {
    findings.add('padding', `${sentence(padded)} of the ${kind} ends with "=".`)
  }
  const standard = whose(/[+/]/)
  if (standard) {
    findings.add('base64_not_url', `${sentence(standard)} of the ${kind} holds "+" or "/".`)
  }
  const clean = parts.map((part) => part.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'))
  const bad = names.filter(
    (_name, i) => !/^[\w-]*$/.test(clean[i] as string) || (clean[i] as string).length % 4 === 1,
  )
  if (bad.length > 0) {
    findings.add('bad_character', `${sentence(list(bad))} of the ${kind} cannot be base64url.`)
    return undefined
  }
  const header = parseJsonObject(Buffer.from(clean[0] as string, 'base64url'))
  if (header === undefined) {
    findings.add('header_unreadable', `The header of the ${kind} is not a JSON object.`)
    return undefined
  }
  const missing = (kind === 'JWE' ? ['alg', 'enc'] : ['alg']).filter(
    (name) => typeof header[name] !== 'string',
  )
  if (missing.length > 0) {
    findings.add('header_incomplete', `The header of the ${kind} has no "${missing.join('", "')}".`)
    return undefined
  }
  return { parts: clean, header }
}

/** Whether any object of a JSON text has one name twice, of which JSON.parse keeps the last. */
export function duplicateName(json: string): boolean {
  const open: Set<string>[] = []
  let found = false
  visit(json, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectProperty(name) {
      const names = open.at(-1)
      if (names?.has(name)) {
        found = true
      }
      names?.add(name)
    },
    onObjectEnd: () => void open.pop(),
  })
  return found
}
