import { testBackend } from '../../test/support/service.ts'
import { padlock } from './padlock.ts'
import { plainService } from './plain-service.ts'
import { rawVault } from './raw-vault.ts'
import type { Cleanup, Ground, Target } from './target.ts'

/** Longer than any run: a caller's JWT must not expire during it. */
const callerSeconds = 7_200

/**
 * Starts a real Vault and makes the signing key and the profile that are measured on it.
 *
 * @param bits of the RSA signing key
 */
export async function startGround(t: Cleanup, bits: 2048 | 3072): Promise<Ground> {
  const backend = await testBackend(t)
  await backend.addProfile('bench', {}, `rsa-${bits}`)
  const caller = await backend.callers.token({ exp: Math.floor(Date.now() / 1000) + callerSeconds })
  const { body } = await backend.vault.api('GET', 'transit/keys/padlock-bench')
  const publicKeyPem = body.data.keys['1'].public_key as string
  return { backend, bits, caller, publicKeyPem, signPath: 'transit/sign/padlock-bench/sha2-256' }
}

/**
 * One signature in a call. It is so slow that it would refuse some of 512 connections, and a refusal that is asked
 * again at once is no token: it gets the time to answer them all.
 */
const unbatched = { PADLOCK_SIGN_BATCH_MAX: '1', PADLOCK_REQUEST_DEADLINE_MS: '10000' }

/** Starts all that is measured on one ground. */
export async function startTargets(t: Cleanup, ground: Ground): Promise<Target[]> {
  return [
    rawVault(ground, 1),
    rawVault(ground, 32),
    await padlock(t, ground, 'Padlock, no batches', unbatched),
    await padlock(t, ground, 'Padlock'),
    await plainService(t, ground),
    await plainService(t, ground, ground.bits),
  ]
}
