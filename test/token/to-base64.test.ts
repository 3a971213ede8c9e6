import { randomBytes } from 'node:crypto'
import { base64url } from 'jose'
import t from 'tap'
import { toBase64 } from '../../src/token/to-base64.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

t.test('the vectors of RFC 4648 section 10, and bytes that the alphabets differ in', async (t) => {
  for (const [text, padded] of [
    ...([
      ['', ''],
      ['f', 'Zg=='],
      ['fo', 'Zm8='],
      ['foo', 'Zm9v'],
      ['foob', 'Zm9vYg=='],
    ] as const),
  ]) {
    for (const alphabet of ['base64', 'base64url'] as const) {
      t.equal(toBase64.call(bytes(text), { alphabet }), padded)
      t.equal(toBase64.call(bytes(text), { alphabet, omitPadding: true }), padded.replaceAll('=', ''))
    }
    t.equal(toBase64.call(bytes(text)), padded)
  }
  const all = Uint8Array.of(0xfb, 0xff, 0xfe)
  t.equal(toBase64.call(all), '+//+')
  t.equal(toBase64.call(all, { alphabet: 'base64url' }), '-__-')
  t.throws(() => toBase64.call(all, { alphabet: 'hex' as 'base64' }), TypeError)
})

t.test('a part of a buffer is that part alone', async (t) => {
  t.equal(toBase64.call(bytes('xfoox').subarray(1, 4)), 'Zm9v')
})

t.test('jose encodes with it, to what it made before', async (t) => {
  const original = Object.getOwnPropertyDescriptor(Uint8Array.prototype, 'toBase64') as PropertyDescriptor
  t.match(original, { enumerable: false })
  const parts = Array.from({ length: 64 }, (_, length) => new Uint8Array(randomBytes(length)))
  const now = parts.map((part) => base64url.encode(part))
  t.teardown(() => Object.defineProperty(Uint8Array.prototype, 'toBase64', original))
  Reflect.deleteProperty(Uint8Array.prototype, 'toBase64')
  t.strictSame(
    now,
    parts.map((part) => base64url.encode(part)),
  )
  let calls = 0
  Object.defineProperty(Uint8Array.prototype, 'toBase64', {
    ...original,
    value(this: Uint8Array, ...options: [object]) {
      calls += 1
      return original.value.apply(this, options)
    },
  })
  base64url.encode(bytes('x'))
  t.equal(calls, 1)
})
