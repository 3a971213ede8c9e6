import { VaultError } from './vault-error.ts'

/** True for Vault's 404 for something that is not there; a 404 with words says that its engine is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof VaultError && error.vaultStatus === 404 && error.vaultMessages.length === 0
}

/** What a call gives, or undefined where Vault answers 404: there is nothing at that path. */
export async function ifPresent(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    if (error instanceof VaultError && error.vaultStatus === 404) {
      return undefined
    }
    throw error
  }
}

/** As ifPresent, but throws where the engine itself is not there, which says nothing of what it held. */
export async function ifStored(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    if (isAbsent(error)) {
      return undefined
    }
    throw error
  }
}

/** What a call gives, or undefined where Vault denies it (403): it is another team's. */
export async function unlessDenied<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof VaultError && error.vaultStatus === 403) {
      return undefined
    }
    throw error
  }
}
