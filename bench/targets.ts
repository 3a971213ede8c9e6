import { spawn } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { acceptToken } from '../src/dev/accept-token.ts'
import { freePort } from '../src/dev/free-port.ts'
import { startPadlock } from '../src/dev/padlock-process.ts'
import { issuer } from '../test/support/callers.ts'
import { testBackend } from '../test/support/service.ts'

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
  pid: number | undefined
  vaultPid: number | undefined
  /** Issues some tokens and lets the recipient judge them; throws when one is wrong. */
  check(): Promise<void>
}

const root = join(import.meta.dirname, '..')
const load = join(import.meta.dirname, 'load')

interface Cleanup {
  teardown(work: () => unknown): void
}

async function startPlain(t: Cleanup, env: Record<string, string>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'plain/service.ts')], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  const [url] = await once(createInterface(child.stdout), 'line')
  return { url: url as string, pid: child.pid as number }
}

async function checkTokens(
  url: string,
  token: string,
  privateKey: KeyObject,
  publicKey: KeyObject,
): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const userId = `check-${i}`
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ userId }) })
    const body = (await answer.json()) as { token: string }
    const receipt = await acceptToken(body.token, { privateKey, publicKeys: [publicKey] })
    if (!receipt.accepted || receipt.claims['https://iadvize.com/userId'] !== userId) {
      throw new Error(`${url} gave a token that the recipient refuses: ${JSON.stringify(receipt)}`)
    }
  }
}

/**
 * Starts a real Vault and everything that is measured on it.
 *
 * @param keyType of the signing key, such as `rsa-2048`
 */
export async function startTargets(
  t: Cleanup,
  keyType: string,
): Promise<{ targets: Target[]; vaultPid: number }> {
  const backend = await testBackend(t)
  const { vault, recipientKey } = backend
  await backend.addProfile('bench', {}, keyType)
  const caller = await backend.callers.token({ exp: Math.floor(Date.now() / 1000) + 7_200 })
  const file = async (name: string, key: KeyObject, type: 'spki' | 'pkcs8') => {
    const path = join(vault.dir, name)
    const pem = type === 'spki' ? key.export({ type, format: 'pem' }) : key.export({ type, format: 'pem' })
    await writeFile(path, pem)
    return path
  }
  const signingKey = await vault.api('GET', 'transit/keys/padlock-bench')
  const vaultKey = createPublicKey(signingKey.body.data.keys['1'].public_key)
  const local = generateKeyPairSync('rsa', { modulusLength: Number(keyType.slice(4)) })

  const padlock = async (name: TargetName, env: Record<string, string>): Promise<Target> => {
    const port = await freePort(0, '127.0.0.1')
    const whole = { PATH: process.env.PATH, ...backend.env, PADLOCK_PORT: String(port), ...limitsOff, ...env }
    const started = await startPadlock(join(root, 'src/main.ts'), whole, port, join(vault.dir, `${port}.log`))
    t.teardown(() => started.stop())
    const path = '/v1/profiles/bench/tokens'
    return target(name, started.url, path, started.pid, () =>
      checkTokens(started.url + path, caller, recipientKey, vaultKey),
    )
  }
  const plain = async (
    name: TargetName,
    env: Record<string, string>,
    publicKey: KeyObject,
  ): Promise<Target> => {
    const { url, pid } = await startPlain(t, {
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: vault.rootToken,
      PLAIN_KEY: 'padlock-bench',
      PLAIN_RECIPIENT_KEY: await file('recipient.pem', createPublicKey(recipientKey), 'spki'),
      PLAIN_CALLER_KEY: backend.env.PADLOCK_CALLER_PUBLIC_KEY_FILE as string,
      PLAIN_CALLER_ISSUER: issuer,
      ...env,
    })
    return target(name, url, '/tokens', pid, () =>
      checkTokens(`${url}/tokens`, caller, recipientKey, publicKey),
    )
  }
  const target = (
    name: TargetName,
    url: string,
    path: string,
    pid: number,
    check: () => Promise<void>,
  ): Target => ({
    ...{ name, url, script: 'token.lua', perRequest: 1, pid, vaultPid: vault.pid, check },
    env: { BENCH_LOAD: load, BENCH_TOKEN: caller, BENCH_PATH: path },
  })
  const raw = (name: TargetName, batch: number): Target => ({
    ...{
      name,
      url: vault.address,
      script: 'vault.lua',
      perRequest: batch,
      pid: undefined,
      vaultPid: vault.pid,
    },
    env: {
      BENCH_LOAD: load,
      BENCH_TOKEN: vault.rootToken,
      BENCH_PATH: '/v1/transit/sign/padlock-bench/sha2-256',
      BENCH_BATCH: String(batch),
    },
    check: async () => {},
  })
  const targets = [
    raw('raw Vault', 1),
    raw('raw Vault, batches', 32),
    await padlock('Padlock, no batches', { PADLOCK_SIGN_BATCH_MAX: '1' }),
    await padlock('Padlock', {}),
    await plain('plain service', {}, vaultKey),
    await plain(
      'key in memory',
      { PLAIN_SIGNING_KEY: await file('local.pem', local.privateKey, 'pkcs8') },
      local.publicKey,
    ),
  ]
  return { targets, vaultPid: vault.pid }
}

/** One caller makes all the load: what limits a caller would be what is measured. */
const limitsOff = { PADLOCK_RATE_LIMIT_PER_SECOND: '0', PADLOCK_REFUSALS_PER_MINUTE: '0' }
