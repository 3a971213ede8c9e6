import { printable } from '../printable.ts'

/** Header parameters and claims whose values say nothing of a visitor. */
const shown: ReadonlySet<string> = new Set([
  ...['alg', 'enc', 'cty', 'typ', 'kid', 'zip', 'crit', 'b64', 'x5t', 'x5t#S256'],
  ...['iss', 'aud', 'exp', 'nbf', 'iat'],
])
const longestValue = 300
const longestName = 80

/** Printable text of at most `length` UTF-16 units. */
const escaped = (text: string, length: number): string => {
  return printable(text.length > length ? `${text.slice(0, length)}…` : text)
}

function hidden(value: unknown): unknown {
  if (typeof value === 'string') {
    return `(${value.length} character${value.length === 1 ? '' : 's'})`
  }
  if (Array.isArray(value)) {
    return `(a list of ${value.length})`
  }
  if (typeof value !== 'object' || value === null) {
    return `(${value === null ? 'null' : typeof value})`
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [escaped(name, longestName), hidden(field)]),
  )
}

function bounded(value: unknown): unknown {
  if (typeof value === 'string') {
    return escaped(value, longestValue)
  }
  if (Array.isArray(value)) {
    return value.slice(0, 20).map(bounded)
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [escaped(name, longestName), bounded(field)]),
  )
}

/**
 * A header or claims set that can be printed: what may be a visitor's is masked, whatever a terminal would act on is
 * escaped, and nothing is long.
 *
 * @param show true: personal data too
 */
export function masked(object: Readonly<Record<string, unknown>>, show = false): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      escaped(name, longestName),
      // Where a text or a number belongs, an object would carry what is to be masked.
      show || (shown.has(name) && (typeof value !== 'object' || value === null))
        ? bounded(value)
        : hidden(value),
    ]),
  )
}
