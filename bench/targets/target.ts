import type { TestBackend } from '../../test/support/service.ts'

export type TargetName =
  | 'raw Vault'
  | 'raw Vault, batches'
  | 'Padlock, no batches'
  | 'Padlock'
  | 'plain service'
  | 'key in memory'

/** One thing that is measured. */
export interface Target {
  name: TargetName
  url: string
  script: 'token.lua' | 'vault.lua'
  env: Record<string, string>
  /** signatures or tokens in one request */
  perRequest: number
  /** undefined where the target is Vault itself */
  pid: number | undefined
  vaultPid: number
  /** Asks for some tokens or signatures and verifies each; throws when one is wrong. */
  check(): Promise<void>
}

/** Takes what is to be done at the end, as tap's `t.teardown` does. */
export interface Cleanup {
  teardown(work: () => unknown): void
}

/** What all targets of a run have in common. */
export interface Ground {
  backend: TestBackend
  /** of the RSA signing key */
  bits: 2048 | 3072
  /** a caller's JWT, for all the load */
  caller: string
  /** path of the transit engine's key `padlock-bench` */
  signPath: string
  /** PEM of that key's public half */
  publicKeyPem: string
}
