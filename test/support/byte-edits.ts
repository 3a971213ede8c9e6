import fc from 'fast-check'

/** Edits of bytes: where (of a thousand parts of the length), how many are taken out, what is put in. */
export const edits = fc.array(
  fc.tuple(
    fc.nat(999),
    fc.nat(6),
    fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(Buffer.from('\r\n'), Buffer.of(0))),
  ),
  { minLength: 1, maxLength: 5 },
)
/** The bytes with these edits. */
export function edited(bytes: Buffer, list: readonly (readonly [number, number, Uint8Array])[]): Buffer {
  return list.reduce((result, [where, taken, put]) => {
    const at = Math.floor((result.length * where) / 1000)
    return Buffer.concat([result.subarray(0, at), put, result.subarray(at + taken)])
  }, bytes)
}
