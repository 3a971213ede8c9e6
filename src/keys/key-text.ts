/** Quotes and the like that stand around a value that was copied out of a file of settings or of code. */
const quotes = ['""', "''", '``', '“”', '‘’']

/** A byte-order mark, and characters without width that mail programs and web pages put between others. */
const invisible = /[\u200b-\u200d\u2060\ufeff]/g

/** UTF-16 has a zero byte in each of the first two characters of any key's text. */
function utf16Of(bytes: Buffer): BufferEncoding | 'utf16be' | undefined {
  const [first, second, third, fourth] = bytes
  if (first === 0xff && second === 0xfe) {
    return 'utf16le'
  }
  if (first === 0xfe && second === 0xff) {
    return 'utf16be'
  }
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) {
    return 'utf16le'
  }
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) {
    return 'utf16be'
  }
  return undefined
}

/** What a file holds as text; DER, which is no text, as its base64. */
function textOf(input: string | Uint8Array): string {
  if (typeof input === 'string') {
    return input
  }
  const bytes = Buffer.from(input)
  const wide = utf16Of(bytes)
  if (wide === 'utf16le') {
    return bytes.toString('utf16le')
  }
  if (wide === 'utf16be') {
    return bytes
      .subarray(0, bytes.length & ~1)
      .swap16()
      .toString('utf16le')
  }
  const isText =
    bytes.every((byte) => byte >= 0x09 && byte !== 0x7f) && !(bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80)
  return isText ? bytes.toString('utf8') : bytes.toString('base64')
}

/** A text without the quotes around it; a JSON string as what it stands for. */
function withoutQuotes(text: string): string {
  if (!quotes.includes(text.charAt(0) + text.charAt(text.length - 1)) || text.length < 2) {
    return text
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') {
      return value
    }
  } catch {}
  return text.slice(1, -1)
}

/**
 * The text of a key as people hand it over, without what the way did to it: UTF-16 (PowerShell's `>`), a byte-order
 * mark, quotes, white space around it, line ends and slashes that became `\n` and `\/`, dashes that became long ones.
 *
 * @param input a file's bytes, or a text; DER becomes base64
 */
export function keyText(input: string | Uint8Array): string {
  return withoutQuotes(textOf(input).replace(invisible, '').trim())
    .replace(/\\+r?\\*n|\\+r/g, '\n')
    .replaceAll('\\/', '/')
    .replace(/[-–—]+\s*(BEGIN|END) ([A-Z0-9 ]+?)\s*[-–—]+/g, '-----$1 $2-----')
    .trim()
}

/** Bytes of standard base64 or base64url (RFC 4648 §4, §5), white space and missing padding included; undefined for other text. */
export function base64Bytes(text: string): Buffer | undefined {
  const base64 = text.replace(/\s+/g, '')
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : undefined
}

/** The first block of PEM (RFC 7468) in a text, also on one line or indented; `der` is undefined where it is cut or no base64. */
export function pemBlock(text: string): { label: string; der: Buffer | undefined } | undefined {
  if (!text.includes('-----BEGIN ')) {
    return undefined
  }
  const [, label = '', body = ''] = /-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/s.exec(text) ?? []
  return { label, der: base64Bytes(body) }
}
