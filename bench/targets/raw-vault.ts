import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { join } from 'node:path'
import type { Ground, Target } from './target.ts'

/**
 * Vault's own transit engine, called without anything between.
 *
 * @param batch signatures in one call; with one there is no `batch_input`
 */
export function rawVault({ backend, signPath, publicKeyPem }: Ground, batch: number): Target {
  const { vault } = backend
  const publicKey = createPublicKey(publicKeyPem)
  const check = async () => {
    const texts = Array.from({ length: batch }, () => randomBytes(40))
    const inputs = texts.map((text) => ({ input: createHash('sha256').update(text).digest('base64') }))
    const { body } = await vault.api('POST', signPath, {
      ...{ prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws', key_version: 1 },
      ...(batch === 1 ? inputs[0] : { batch_input: inputs }),
    })
    const results: { signature: string }[] = batch === 1 ? [body.data] : body.data.batch_results
    for (const [i, text] of texts.entries()) {
      const signature = Buffer.from(results[i]?.signature.split(':')[2] ?? '', 'base64url')
      if (!verify('sha256', text, publicKey, signature)) {
        throw new Error('Vault gave a signature that is wrong.')
      }
    }
  }
  return {
    name: batch === 1 ? 'raw Vault' : 'raw Vault, batches',
    ...{ url: vault.address, script: 'vault.lua', perRequest: batch, check },
    ...{ pid: undefined, vaultPid: vault.pid },
    env: {
      BENCH_LOAD: join(import.meta.dirname, '../load'),
      BENCH_TOKEN: vault.rootToken,
      BENCH_PATH: `/v1/${signPath}`,
      BENCH_BATCH: String(batch),
    },
  }
}
