import { hasPlaceholderForm } from './placeholder-forms.ts'
import { builtInPlaceholders } from './placeholder-values.ts'

export { builtInPlaceholders }

/** Generic words that code puts before an id: what follows is judged alone, so that `customer-undefined` is refused. */
const genericPrefix = /^(?:user|customer|client|visitor|member|account|id)[-_:]/i

/** Pairs that code puts round a value: JSON's quotes, lists, GUIDs in braces. */
const pairs = ['""', "''", '``', '“”', '‘’', '«»', '()', '[]', '{}']

/** Between the parts of a composed id: `undefined undefined`, `null_null`, `id=null`. */
const separators = /[-_:|/.,;@+= ]/

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
  nbsp: ' ',
}

function character(hex: string | undefined, decimal: string | undefined): string {
  const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : ''
}

/** The text without one round of HTML escapes, of backslashes, or of percent-encoding (RFC 3986 §2.1). */
function decodedOnce(text: string): string {
  const plain = text
    .replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|quot|apos|amp|nbsp));/gi, (_all, hex, decimal, name) =>
      name === undefined ? character(hex, decimal) : (entities[name.toLowerCase()] as string),
    )
    .replace(/(?:\\(?:u0000|x00|[0nrt]))+$/, '')
    .replace(/\\(["'])/g, '$1')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}

/** A value is often escaped twice, on its way through two systems. */
const decodingRounds = 3

/** The text without its escapes, and without what is drawn as nothing at its ends. */
function decoded(text: string): string {
  let plain = decodedOnce(text)
  for (let round = 1; round < decodingRounds && plain !== text; round++) {
    plain = decodedOnce(plain)
  }
  return plain === text ? text : plain.replace(/^[\p{C}\p{Z}]+|[\p{C}\p{Z}]+$/gu, '')
}

/** What a profile changes of the list: entries in lower case, allowed values exactly as written. */
export interface PlaceholderRules {
  placeholders: ReadonlySet<string>
  allowed: ReadonlySet<string>
}

function isNamed(text: string, { placeholders, allowed }: PlaceholderRules): boolean {
  const lowerCase = text.toLowerCase()
  return !allowed.has(text) && (builtInPlaceholders.has(lowerCase) || placeholders.has(lowerCase))
}

/** What is inside a pair of quotes or brackets; undefined where there is none. */
function inside(text: string): string | undefined {
  const isPaired = text.length >= 2 && pairs.includes(text.charAt(0) + text.charAt(text.length - 1))
  return isPaired ? text.slice(1, -1).trim() : undefined
}

function judge(text: string, rules: PlaceholderRules): boolean {
  if (rules.allowed.has(text)) {
    return false
  }
  if (isNamed(text, rules) || hasPlaceholderForm(text)) {
    return true
  }
  const isPrefixed = genericPrefix.test(text)
  const rest = isPrefixed ? text.replace(genericPrefix, '') : inside(text)
  // Numbered from zero: alone it says that no row was found, behind a prefix it counts.
  if (isPrefixed && rest === '0') {
    return false
  }
  if (rest !== undefined && (rest === '' || judge(rest, rules))) {
    return true
  }
  return isComposed(text.split(separators), rules)
}

/**
 * True where every part that is there is a placeholder: `undefined-` lost its second part. Zeros do not count:
 * `visitor-0-0` is the first of two counters.
 */
function isComposed(parts: readonly string[], rules: PlaceholderRules): boolean {
  if (parts[0] === '' && parts.at(-1) === '') {
    return false
  }
  return parts.every((part) => part === '' || (part !== '0' && isNamed(part, rules)))
}

/**
 * True for a value that broken code sends in place of an id. Case is ignored. It is judged as a whole, without a
 * generic prefix (`customer-undefined`), without quotes and brackets (`"null"`), by its parts (`null null`), and
 * once more without percent-encoding, HTML escapes and backslashes (`%5Bobject%20Object%5D`, `null\\n`).
 *
 * @param userId the id as it came, at most 255 UTF-16 code units
 */
export function isPlaceholder(userId: string, rules: PlaceholderRules): boolean {
  if (rules.allowed.has(userId)) {
    return false
  }
  if (judge(userId, rules)) {
    return true
  }
  const plain = decoded(userId)
  return plain === '' || (plain !== userId && judge(plain, rules))
}
