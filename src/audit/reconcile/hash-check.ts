import { hmacPrefix } from '../trail/vault-entry.ts'
import type { Batch } from './batch-records.ts'

/** Calls to Vault at once. */
const inFlight = 16
/** Stands in every request for a token's signature, as an HMAC under the salt of the device that logged it. */
const known = 'pkcs1v15'

/** Gives the HMAC under which a value stands in a device's log. */
export type HashFor = (device: string, input: string) => Promise<string>

export const clearOf = (auditId: string): string => Buffer.from(auditId, 'base64url').toString('base64')

/** Tells which auditId a value in an audit log stands for, with Vault's help, and which device logged an entry. */
export class HashCheck {
  readonly #hash: HashFor
  /** by the HMAC of what stands in every such request */
  readonly #devices: ReadonlyMap<string, string>
  readonly #waiting: (() => void)[] = []
  #running = 0
  /** values that Vault was asked about */
  asked = 0

  private constructor(hash: HashFor, devices: ReadonlyMap<string, string>) {
    this.#hash = hash
    this.#devices = devices
  }

  /** @throws what asking Vault throws */
  static async open(hash: HashFor, devices: readonly string[]): Promise<HashCheck> {
    const marks = await Promise.all(
      devices.map(async (device) => [await hash(device, known), device] as const),
    )
    return new HashCheck(hash, new Map(marks))
  }

  /**
   * The device that logged an entry; `foreign` where it is none of these.
   *
   * @param algorithm `signature_algorithm` of the request, as it stands in the log
   * @returns undefined where the entry stands in clear
   */
  deviceOf(algorithm: unknown): string | 'foreign' | undefined {
    if (typeof algorithm !== 'string' || !algorithm.startsWith(hmacPrefix)) {
      return undefined
    }
    return this.#devices.get(algorithm) ?? 'foreign'
  }

  /** What an auditId stands as in the log of a device; in clear without one. @throws what asking Vault throws */
  async standsAs(auditId: string, device: string | undefined): Promise<string> {
    return device === undefined ? clearOf(auditId) : this.#limited(device, clearOf(auditId))
  }

  /** The auditIds that the values of a batch stand for, as far as they are among these. */
  async auditIdsOf({ calls }: Batch, auditIds: readonly string[]): Promise<Map<string, string>> {
    const found = new Map(auditIds.map((auditId) => [clearOf(auditId), auditId]))
    const devices = new Set(calls.map(({ device }) => device).filter((device) => device !== undefined))
    for (const device of devices) {
      const hashes = await Promise.all(auditIds.map((auditId) => this.#limited(device, clearOf(auditId))))
      for (const [i, hash] of hashes.entries()) {
        found.set(hash, auditIds[i] as string)
      }
    }
    return found
  }

  async #limited(device: string, input: string): Promise<string> {
    if (this.#running >= inFlight) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running += 1
    this.asked += 1
    try {
      return await this.#hash(device, input)
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }
}
