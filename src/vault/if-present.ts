import { VaultError } from './client.ts'

/** What a call gives, or undefined where Vault answers 404: there is nothing at that path. */
export async function ifPresent(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    if (error instanceof VaultError && error.vaultStatus === 404) return undefined
    throw error
  }
}
