import { codeOf, type ErrorCode } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { SigningProbe } from '../signing/signing-probe.ts'
import type { LoadedProfile } from './loaded-profile.ts'

/** Codes of a probe by which no token of the profile can be made, with what is reported of them. */
const broken: ReadonlyMap<ErrorCode, string> = new Map([
  ['signature_invalid', "Vault's signatures do not verify with the public key that iAdvize has"],
  ['signing_key_missing', 'Vault does not sign with its key'],
  ['key_version_disabled', 'Vault does not sign with this version of its key'],
] as const)

/** Whether a code says that Vault may not sign for the profile any more. */
export const isDoubt = (code: ErrorCode | undefined): boolean => code !== undefined && broken.has(code)

/** Profiles for which Vault may not sign, or does not: found by tokens and refreshes, settled by probes. */
export class SignatureDoubts {
  readonly #probe: SigningProbe
  readonly #log: Log
  readonly #doubted = new Set<string>()
  /** by profile: what came of a probe, and the thumbprint of the version that it was with */
  readonly #broken = new Map<string, { code: ErrorCode; thumbprint: string }>()

  constructor(probe: SigningProbe, log: Log) {
    this.#probe = probe
    this.#log = log
  }

  doubt(name: string): void {
    this.#doubted.add(name)
  }

  /** Why no token of the profile can be made with the key in use; undefined while it can, as far as is known. */
  brokenBy(name: string, inUse: LoadedProfile | undefined): ErrorCode | undefined {
    const { code, thumbprint } = this.#broken.get(name) ?? {}
    return thumbprint === inUse?.profile.pinnedKey.thumbprint ? code : undefined
  }

  /** Signs a probe with the key in use of each profile in doubt; what Vault cannot be asked now stays as it was. */
  async settle(inUse: (name: string) => LoadedProfile | undefined): Promise<void> {
    for (const name of new Set([...this.#doubted, ...this.#broken.keys()])) {
      const loaded = inUse(name)
      const code = loaded === undefined ? undefined : await this.#failure(loaded)
      const reason = code && broken.get(code)
      if (loaded === undefined || code === undefined) {
        this.#broken.delete(name)
      } else if (reason === undefined) {
        continue
      } else if (this.brokenBy(name, loaded) !== code) {
        this.#broken.set(name, { code, thumbprint: loaded.profile.pinnedKey.thumbprint })
        this.#log.error({ profile: name, code }, `profile: ${reason}; no token is issued`)
      }
      this.#doubted.delete(name)
    }
  }

  async #failure({ profile }: LoadedProfile): Promise<ErrorCode | undefined> {
    try {
      await this.#probe(profile.pinnedKey)
      return undefined
    } catch (error) {
      return codeOf(error)
    }
  }
}
