import { checkPrimeSync } from 'node:crypto'

/** Odd primes below this are looked for in a modulus; SP 800-56B Rev. 2 asks for those below 752. */
const smallPrimesBelow = 65_536

/** The odd primes below a number, by the sieve of Eratosthenes. */
function oddPrimes(below: number): number[] {
  const composite = new Uint8Array(below)
  const primes: number[] = []
  for (let number = 3; number < below; number += 2) {
    if (composite[number]) {
      continue
    }
    primes.push(number)
    for (let multiple = number * number; multiple < below; multiple += 2 * number) {
      composite[multiple] = 1
    }
  }
  return primes
}

/** Primes by threes, whose product is exact as a number: one division of the modulus serves all three. */
function byThrees(primes: readonly number[]): [bigint, readonly number[]][] {
  const groups: [bigint, readonly number[]][] = []
  for (let i = 0; i < primes.length; i += 3) {
    const group = primes.slice(i, i + 3)
    groups.push([BigInt(group.reduce((product, prime) => product * prime, 1)), group])
  }
  return groups
}

/** Made when the first key is checked. */
let smallPrimes: { numbers: readonly number[]; groups: readonly [bigint, readonly number[]][] } | undefined

function primes() {
  if (smallPrimes === undefined) {
    const numbers = oddPrimes(smallPrimesBelow)
    smallPrimes = { numbers, groups: byThrees(numbers) }
  }
  return smallPrimes
}

function hasSmallFactor(number: bigint): boolean {
  return primes().groups.some(([product, group]) => {
    const rest = Number(number % product)
    return group.some((prime) => rest % prime === 0)
  })
}

const bitsOf = (number: bigint): number => number.toString(2).length

/** The largest integer whose power is not above a number (Newton's method, from above). */
function rootOf(number: bigint, exponent: number): bigint {
  const k = BigInt(exponent)
  let root = 1n << BigInt(Math.ceil(bitsOf(number) / exponent))
  for (;;) {
    const next = ((k - 1n) * root + number / root ** (k - 1n)) / k
    if (next >= root) {
      return root
    }
    root = next
  }
}

/** base^exponent mod modulus, for a modulus below 2^26: products stay exact. */
function powerModulo(base: number, exponent: number, modulus: number): number {
  let power = 1
  for (const bit of exponent.toString(2)) {
    power = (power * power) % modulus
    if (bit === '1') {
      power = (power * base) % modulus
    }
  }
  return power
}

/** How many primes a candidate must pass before its root is taken. */
const residueChecks = 8

/**
 * False where a number is surely no power with this exponent: modulo a prime p with p = 1 (mod exponent), a power is one
 * of every `exponent` residues only (Euler's criterion). It spares most roots, which take most of the time.
 */
function canBePower(number: bigint, exponent: number): boolean {
  const fitting = primes()
    .numbers.filter((prime) => prime % exponent === 1)
    .slice(0, residueChecks)
  return fitting.every(
    (prime) => powerModulo(Number(number % BigInt(prime)), (prime - 1) / exponent, prime) === 1,
  )
}

/** Whether a number without a prime factor below `smallPrimesBelow` is a power: its root then has 16 bits at least. */
function isPower(number: bigint): boolean {
  const largest = bitsOf(number) / Math.log2(smallPrimesBelow)
  return [2, ...primes().numbers]
    .filter((exponent) => exponent <= largest && canBePower(number, exponent))
    .some((exponent) => rootOf(number, exponent) ** BigInt(exponent) === number)
}

/**
 * Whether a number can be the modulus of an RSA key, as far as can be known without its factors: odd, no small prime
 * factor, no power of a prime, no prime (partial public-key validation, NIST SP 800-56B Rev. 2 §6.4.2.2). A character
 * that was lost from a key in base64 mostly fails here: nine of ten random odd numbers have a factor below 65,536.
 *
 * It takes some 5 ms of processor time for 2,048 bits, 20 for 4,096.
 */
export function isRsaModulus(modulus: bigint): boolean {
  if (modulus % 2n === 0n) {
    return false
  }
  if (hasSmallFactor(modulus)) {
    return false
  }
  // 2^k + 1 and 2^k - 1: nobody's product of two random primes.
  if ((modulus & (modulus + 1n)) === 0n || ((modulus - 1n) & (modulus - 2n)) === 0n) {
    return false
  }
  // One round of Miller and Rabin's test: a prime always passes, of composite numbers without small factors hardly any.
  return !isPower(modulus) && !checkPrimeSync(modulus, { checks: 1 })
}
