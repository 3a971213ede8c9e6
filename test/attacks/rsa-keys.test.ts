import { createPublicKey, generateKeyPairSync, generatePrimeSync } from 'node:crypto'
import t from 'tap'
import { callerKey, parseJwkSet } from '../../src/http/callers/jwk-set.ts'
import { parseRecipientKey, type RecipientKeyError } from '../../src/keys/recipient-key.ts'
import { rsaFault } from '../../src/keys/rsa-public-key.ts'

const base64url = (number: bigint) => {
  const hex = number.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}
const jwkOf = (n: bigint, e = 65_537n) => ({ kty: 'RSA', n: base64url(n), e: base64url(e) })
const prime = (bits: number) => generatePrimeSync(bits, { bigint: true })
const number = (text: string) => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`)
const generated = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' })
const good = generated(2048)
const modulus = number(good.n as string)

/** A number of 2,048 bits with this factor, and nothing else small. */
function withFactor(factor: bigint): bigint {
  const rest = prime(2_049 - factor.toString(2).length)
  return factor * rest
}
/** The smallest power of a prime that has 2,048 bits or more. */
const power = (exponent: number) => prime(Math.ceil(2_048 / exponent) + 1) ** BigInt(exponent)
/** The key as it arrives when one character of its base64 is lost, and another one is put at the end. */
const lost = (text: string, at: number) => number(`${text.slice(0, at)}${text.slice(at + 1)}A`) | 1n

/** Moduli that are none, each with what is wrong. */
const moduli: [name: string, n: bigint, fault: string][] = [
  ['2^2048 - 1', 2n ** 2_048n - 1n, 'bad_modulus'],
  ['2^2048 + 1', 2n ** 2_048n + 1n, 'bad_modulus'],
  ['an even number', modulus - 1n, 'bad_modulus'],
  ['a prime', prime(2_048), 'bad_modulus'],
  ...[3, 5, 7, 11, 251, 743, 751, 757, 4_099, 65_521].map((factor): [string, bigint, string] => [
    `a factor ${factor}`,
    withFactor(BigInt(factor)),
    'bad_modulus',
  ]),
  ...[2, 3, 5, 7, 16, 31].map((exponent): [string, bigint, string] => [
    `a prime to the power ${exponent}`,
    power(exponent),
    'bad_modulus',
  ]),
  ['a product of small primes', (3n ** 700n * 5n ** 500n) | 1n, 'bad_modulus'],
  ['2,047 bits', (modulus >> 1n) | 1n, 'too_short'],
  ['8,200 bits', 2n ** 8_199n + 1n, 'too_long'],
]
const exponents: [string, bigint][] = [
  ['1', 1n],
  ['3', 3n],
  ['17', 17n],
  ['65,535', 65_535n],
  ['65,536', 65_536n],
  ['65,538', 65_538n],
  ['2^256 + 1', 2n ** 256n + 1n],
]

/** What the parser of recipient keys refuses it for; undefined for a key that is accepted. */
function recipientFault(jwk: object): string | undefined {
  try {
    parseRecipientKey(JSON.stringify(jwk))
    return undefined
  } catch (error) {
    return (error as RecipientKeyError).fault
  }
}
const entrances: [name: string, refuses: (jwk: object) => boolean][] = [
  ['a recipient key', (jwk) => recipientFault(jwk) !== undefined],
  ["a caller's key", (jwk) => callerKey(createPublicKey({ key: jwk as never, format: 'jwk' })) === undefined],
  ['a JWK Set', (jwk) => parseJwkSet({ keys: [{ ...jwk, kid: 'k' }] }).keys.length === 0],
]

t.test(`${moduli.length + exponents.length} keys are refused at ${entrances.length} entrances`, async (t) => {
  for (const [name, n, fault] of moduli) {
    const jwk = jwkOf(n)
    t.equal(rsaFault(createPublicKey({ key: jwk, format: 'jwk' })), fault, name)
    for (const [where, refuses] of entrances) {
      t.ok(refuses(jwk), `${name}: ${where}`)
    }
  }
  for (const [name, e] of exponents) {
    for (const [where, refuses] of entrances) {
      t.ok(refuses(jwkOf(modulus, e)), `the exponent ${name}: ${where}`)
    }
  }
})

t.test('a key that lost a character of its base64 is mostly found', async (t) => {
  const found = Array.from({ length: 40 }, (_, i) =>
    recipientFault(jwkOf(lost(good.n as string, 8 * i + 4))),
  ).filter((fault) => fault !== undefined)
  // Nine of ten have a factor below 65,536: that 20 or fewer of 40 have one happens once in a thousand million runs.
  t.ok(found.length > 20, `${found.length} of 40`)
})

t.test('keys as they are made are accepted, of every length and exponent that may be', async (t) => {
  for (const bits of [2048, 2056, 3072, 4096]) {
    const jwk = generated(bits)
    for (const [where, refuses] of entrances) {
      t.notOk(refuses(jwk), `${bits} bits: ${where}`)
    }
  }
  for (const e of [65_537n, 65_539n, 2n ** 255n + 1n]) {
    t.equal(rsaFault(createPublicKey({ key: jwkOf(modulus, e), format: 'jwk' })), undefined, String(e))
  }
})

t.test(
  'a key that OpenSSL takes for no encryption is refused when it is read, not at the first token',
  async (t) => {
    const { n = '' } = generated(4096)
    t.equal(
      recipientFault(jwkOf(number(n), 2n ** 65n + 1n)),
      'cannot_encrypt',
      'an exponent of 66 bits with 4,096 bits',
    )
    t.equal(recipientFault(jwkOf(number(n), 2n ** 64n - 1n)), undefined, 'of 64 bits')
    t.equal(recipientFault(jwkOf(modulus, 2n ** 65n + 1n)), undefined, 'of 66 bits with 2,048 bits')
  },
)
