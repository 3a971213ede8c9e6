/** Tries of one refused secret_id that follow each other, and the pause after which it may be tried once more. */
const quickTries = 2
const pauseMs = 16 * 60_000

/**
 * Remembers a secret_id that Vault refused. After five refusals Vault locks the role_id for 15 minutes, by default,
 * for all instances (Vault, "User lockout"): then not even a new secret_id would be taken. So one that was
 * refused twice is not sent again before Vault has forgotten the refusals.
 */
export class RefusedSecretId {
  #secretId: string | undefined
  #tries = 0
  #last = 0

  mayTry(secretId: string): boolean {
    if (secretId !== this.#secretId || this.#tries < quickTries) {
      return true
    }
    return performance.now() - this.#last >= pauseMs
  }

  add(secretId: string): void {
    this.#tries = secretId === this.#secretId ? this.#tries + 1 : 1
    this.#secretId = secretId
    this.#last = performance.now()
  }

  forget(): void {
    this.#secretId = undefined
    this.#tries = 0
  }
}
