import { constants, createHash, type KeyObject, privateDecrypt } from 'node:crypto'

/** How a content key was really encrypted, whatever the header says. */
export interface KeyTransport {
  padding: string
  contentKey: Buffer
}

/** MGF1 (RFC 8017 §B.2.1). */
function mask(seed: Buffer, length: number, hash: string): Buffer {
  const blocks: Buffer[] = []
  for (let counter = 0, made = 0; made < length; counter++) {
    const suffix = Buffer.alloc(4)
    suffix.writeUInt32BE(counter)
    const block = createHash(hash).update(seed).update(suffix).digest()
    blocks.push(block)
    made += block.length
  }
  return Buffer.concat(blocks).subarray(0, length)
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] as number)))

/** EME-OAEP decoding with an empty label (RFC 8017 §7.1.2, step 3). */
function oaep(encoded: Buffer, hash: string, maskHash: string): Buffer | undefined {
  const labelHash = createHash(hash).digest()
  const size = labelHash.length
  if (encoded[0] !== 0 || encoded.length < 2 * size + 2) {
    return undefined
  }
  const maskedBlock = encoded.subarray(1 + size)
  const seed = xor(encoded.subarray(1, 1 + size), mask(maskedBlock, size, maskHash))
  const block = xor(maskedBlock, mask(seed, maskedBlock.length, maskHash))
  if (!block.subarray(0, size).equals(labelHash)) {
    return undefined
  }
  const end = block.indexOf(1, size)
  if (end < 0 || block.subarray(size, end).some((byte) => byte !== 0)) {
    return undefined
  }
  return block.subarray(end + 1)
}

/** EME-PKCS1-v1_5 decoding (RFC 8017 §7.2.2, step 3). */
function pkcs1(encoded: Buffer): Buffer | undefined {
  if (encoded[0] !== 0 || encoded[1] !== 2) {
    return undefined
  }
  const end = encoded.indexOf(0, 2)
  return end < 10 ? undefined : encoded.subarray(end + 1)
}

// What libraries do unless told otherwise. Java's "OAEPWithSHA-256AndMGF1Padding" leaves MGF1 at SHA-1.
const paddings: Readonly<Record<string, (encoded: Buffer) => Buffer | undefined>> = {
  'OAEP with SHA-256': (encoded) => oaep(encoded, 'sha256', 'sha256'),
  'OAEP with SHA-1': (encoded) => oaep(encoded, 'sha1', 'sha1'),
  'OAEP with SHA-256 and MGF1 with SHA-1': (encoded) => oaep(encoded, 'sha256', 'sha1'),
  'OAEP with SHA-384': (encoded) => oaep(encoded, 'sha384', 'sha384'),
  'OAEP with SHA-512': (encoded) => oaep(encoded, 'sha512', 'sha512'),
  'PKCS#1 v1.5': pkcs1,
}

/**
 * Tries every padding on an encrypted key. For diagnosis alone: an answer that distinguishes them, given to strangers,
 * would let them decrypt (Bleichenbacher's and Manger's attacks).
 *
 * @returns undefined where none fits: it was made for another key, or was changed
 */
export function readKeyTransport(encryptedKey: Buffer, privateKey: KeyObject): KeyTransport | undefined {
  let encoded: Buffer
  try {
    encoded = privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encryptedKey)
  } catch {
    return undefined
  }
  for (const [padding, decode] of Object.entries(paddings)) {
    const contentKey = decode(encoded)
    // PKCS#1 v1.5 fits one foreign text in 65,536 by chance; a content key has 16 to 64 bytes, or is their text.
    if (contentKey && contentKey.length >= 16 && contentKey.length <= 128) {
      return { padding, contentKey }
    }
  }
  return undefined
}
