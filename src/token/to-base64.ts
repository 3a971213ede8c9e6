interface Options {
  alphabet?: 'base64' | 'base64url'
  omitPadding?: boolean
}

/**
 * `Uint8Array.prototype.toBase64` of ECMAScript 2026.
 *
 * @throws TypeError for another alphabet
 */
export function toBase64(
  this: Uint8Array,
  { alphabet = 'base64', omitPadding = false }: Options = {},
): string {
  if (alphabet !== 'base64' && alphabet !== 'base64url') {
    throw new TypeError('alphabet is "base64" or "base64url"')
  }
  const text = Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString(alphabet)
  // Buffer pads the one alphabet and not the other.
  const bare = alphabet === 'base64' ? text.replace(/=+$/, '') : text
  return omitPadding ? bare : bare.padEnd(Math.ceil(bare.length / 4) * 4, '=')
}

// Node 24 has none. jose encodes with it where it is there, and else makes five texts of each part of a token.
if (!('toBase64' in Uint8Array.prototype)) {
  Object.defineProperty(Uint8Array.prototype, 'toBase64', {
    ...{ value: toBase64, writable: true, enumerable: false, configurable: true },
  })
}
