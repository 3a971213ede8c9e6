import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { VaultError } from '../client/vault-error.ts'

/** An engine or auth method that stands at a path. */
export interface Mount {
  /** `transit`, `kv`, `approle`, … */
  type: string
  /** version of a KV engine: '1' or '2' */
  kvVersion: string | undefined
}

const MountsSchema = Type.Record(
  Type.String(),
  Type.Object({
    type: Type.String(),
    options: Type.Optional(Type.Union([Type.Null(), Type.Record(Type.String(), Type.String())])),
  }),
)
const TuneSchema = Type.Object({ max_lease_ttl: Type.Integer({ minimum: 0 }) })

async function readMounts(client: VaultClient, path: 'sys/mounts' | 'sys/auth'): Promise<Map<string, Mount>> {
  const data = answerData(MountsSchema, 'its mounts', await client.read(path))
  return new Map(
    Object.entries(data).map(([name, { type, options }]) => [
      name.replace(/\/$/, ''),
      { type, kvVersion: type === 'kv' ? (options?.version ?? '1') : undefined },
    ]),
  )
}

/** Secret engines by path, without the slash at its end. */
export const readEngines = (client: VaultClient) => readMounts(client, 'sys/mounts')

/** Auth methods by path, without `auth/` and without the slash at its end. */
export const readAuthMethods = (client: VaultClient) => readMounts(client, 'sys/auth')

/** Mounts the transit engine. */
export async function enableTransit(client: VaultClient, path: string): Promise<void> {
  await client.write(`sys/mounts/${path}`, { type: 'transit', description: 'Signing keys' })
}

/** Mounts a KV engine of version 2 and waits until it takes requests. */
export async function enableKv(client: VaultClient, path: string): Promise<void> {
  await client.write(`sys/mounts/${path}`, { type: 'kv', options: { version: '2' } })
  // A new KV store answers 400 for a moment, while Vault prepares it for versions.
  for (const deadline = performance.now() + 15_000; ; await sleep(50)) {
    try {
      await client.read(`${path}/config`)
      return
    } catch (error) {
      if (!(error instanceof VaultError) || !error.passing || performance.now() > deadline) {
        throw error
      }
    }
  }
}

/**
 * Mounts an AppRole method that locks nobody out: a secret_id cannot be guessed, and anyone who knows the role_id could
 * keep the service out with five wrong ones (Vault, "User lockout").
 *
 * @param maxTtlSeconds longest life of what it gives out: Vault cuts a longer secret_id to it without a word
 */
export async function enableAppRole(client: VaultClient, path: string, maxTtlSeconds: number): Promise<void> {
  const config = { max_lease_ttl: `${maxTtlSeconds}s` }
  await client.write(`sys/auth/${path}`, { type: 'approle', description: 'Log-in of services', config })
  // Vault passes this over when it mounts a method.
  const tuned = { user_lockout_config: { lockout_disable: true } }
  await client.write(`sys/mounts/auth/${path}/tune`, tuned)
}

/** Longest life, in seconds, that an auth method gives to a secret_id or token. */
export async function readAuthMaxTtl(client: VaultClient, path: string): Promise<number> {
  const body = await client.read(`sys/mounts/auth/${path}/tune`)
  return answerData(TuneSchema, 'an auth method', body).max_lease_ttl
}
