import { spawn } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { issuer } from '../../test/support/callers.ts'
import { checkTokens } from './check-tokens.ts'
import type { Cleanup, Ground, Target } from './target.ts'

const path = '/tokens'

/**
 * Starts the service of bench/plain, as a process of its own.
 *
 * @param localBits size of an RSA key that it keeps in its memory and signs with, instead of asking Vault
 * @throws Error when it ends before it listens
 */
export async function plainService(
  t: Cleanup,
  { backend, caller, publicKeyPem }: Ground,
  localBits?: number,
): Promise<Target> {
  const { vault, recipientKey } = backend
  const recipientFile = join(vault.dir, 'recipient.pem')
  await writeFile(recipientFile, createPublicKey(recipientKey).export({ type: 'spki', format: 'pem' }))
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: vault.rootToken,
    PLAIN_KEY: 'padlock-bench',
    PLAIN_RECIPIENT_KEY: recipientFile,
    PLAIN_CALLER_KEY: backend.env.PADLOCK_CALLER_PUBLIC_KEY_FILE,
    PLAIN_CALLER_ISSUER: issuer,
  }
  let publicKey = createPublicKey(publicKeyPem)
  if (localBits !== undefined) {
    const local = generateKeyPairSync('rsa', { modulusLength: localBits })
    publicKey = local.publicKey
    env.PLAIN_SIGNING_KEY = join(vault.dir, 'local.pem')
    await writeFile(env.PLAIN_SIGNING_KEY, local.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }
  const service = join(import.meta.dirname, '../plain/service.ts')
  const child = spawn(process.execPath, [service], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The plain service ended with ${code} before it listened.`)
  })
  const [url] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string]
  // From here on its end is expected.
  ended.catch(() => {})
  return {
    name: localBits === undefined ? 'plain service' : 'key in memory',
    ...{ url, script: 'token.lua', perRequest: 1, pid: child.pid, vaultPid: vault.pid },
    env: { BENCH_LOAD: join(import.meta.dirname, '../load'), BENCH_TOKEN: caller, BENCH_PATH: path },
    check: () => checkTokens(url + path, caller, recipientKey, publicKey),
  }
}
