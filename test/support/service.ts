import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { parseRecipientKey } from '../../src/keys/recipient-key.ts'
import { audience, issuer, type TestIssuer, testIssuer } from './callers.ts'
import { contractFetch } from './contract.ts'
import { type HttpsOptions, httpsRequest } from './https.ts'
import { type TestVault, testVault } from './vault.ts'
import { until } from './wait.ts'

/** A profile's settings for the tests, as they go to KV. */
export type TestSettings = Record<string, unknown>

/** A real Vault with a profile in it, and what is needed to call Padlock and to read its tokens. */
export interface TestBackend {
  vault: TestVault
  callers: TestIssuer
  /** the recipient's private key, for every profile made here */
  recipientKey: KeyObject
  /** Makes a signing key `padlock-<name>` and a profile on it; settings given here win. */
  addProfile(name: string, settings?: TestSettings, keyType?: string): Promise<void>
  /** variables for `padlock serve`, on a token login with the root token */
  env: Record<string, string>
}

/** What a `padlock serve` process needs. */
type ServiceNeeds = Pick<TestBackend, 'callers' | 'env'>

/** A `padlock serve` process. */
export interface ServiceProcess {
  url: string
  process: ChildProcess
  /** every line that it wrote, as parsed JSON where it is JSON */
  // biome-ignore lint/suspicious/noExplicitAny: a log line has any fields.
  log: any[]
  /** The first log line with these values; waits for it, since a line may come after the answer that it tells of. */
  // biome-ignore lint/suspicious/noExplicitAny: a log line has any fields.
  logged(values: Record<string, unknown>): Promise<any>
  /** Asks for a token with a good caller's JWT, unless headers say otherwise; the answer is as openapi.json says. */
  issue(body: unknown, options?: { profile?: string; headers?: Record<string, string> }): Promise<Response>
}

export type TestService = TestBackend & ServiceProcess

/** Starts a Vault and makes profile `default` in it. */
export async function testBackend(
  t: Pick<Test, 'teardown'>,
  options: Parameters<typeof testVault>[1] = {},
): Promise<TestBackend> {
  const vault = await testVault(t, options)
  const callers = testIssuer()
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const recipient = parseRecipientKey(publicKey.export({ type: 'spki', format: 'pem' }) as string)
  const callerKeyFile = join(vault.dir, 'caller.pem')
  await writeFile(callerKeyFile, callers.publicKeyPem)
  await vault.api('POST', 'sys/mounts/transit', { type: 'transit' })

  async function addProfile(name: string, settings: TestSettings = {}, keyType = 'rsa-2048'): Promise<void> {
    await vault.api('POST', `transit/keys/padlock-${name}`, { type: keyType })
    const data = {
      issuer: 'https://shop.test',
      signingKey: `padlock-${name}`,
      signingKeyVersion: 1,
      tokenTtlSeconds: 60,
      recipientKeys: { [recipient.thumbprint]: { publicKey: recipient.pem } },
      activeRecipientKey: recipient.thumbprint,
      activatedAt: new Date().toISOString(),
      activatedBy: 'test',
      ...settings,
    }
    await vault.api('POST', `secret/data/padlock/profiles/${name}`, { data })
  }
  await addProfile('default')
  const env = {
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: vault.rootToken,
    PADLOCK_VAULT_AUTH: 'token',
    PADLOCK_PORT: '0',
    // So that a busy machine makes no 504; the tests of the deadline set it.
    PADLOCK_REQUEST_DEADLINE_MS: '10000',
    // A suite is one caller and one address; the tests of the limits set them.
    PADLOCK_RATE_LIMIT_PER_SECOND: '0',
    PADLOCK_REFUSALS_PER_MINUTE: '0',
    PADLOCK_CALLER_PUBLIC_KEY_FILE: callerKeyFile,
    PADLOCK_CALLER_ISSUER: issuer,
    PADLOCK_CALLER_AUDIENCE: audience,
  }
  return { vault, callers, recipientKey: privateKey, addProfile, env }
}

/**
 * Starts `padlock serve` on a backend and waits until it is ready. It ends with the test.
 *
 * @param tls what a client needs, where the variables have it listen with TLS: then `issue` is of no use
 * @param nodeArgs arguments of Node.js itself
 * @param program what runs, in place of the checkout's
 */
export async function startService<Backend extends ServiceNeeds>(
  t: Pick<Test, 'teardown'>,
  backend: Backend,
  env: Record<string, string> = {},
  tls?: HttpsOptions,
  nodeArgs: readonly string[] = [],
  program: readonly string[] = [process.execPath, ...nodeArgs, 'src/main.ts'],
): Promise<Backend & ServiceProcess> {
  // tap has every Node process load a module that listens for signals, and ends it at some that Node ignores.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...program, 'serve'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env.PATH, ...backend.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) {
      await once(child, 'exit')
    }
  })
  const log: ServiceProcess['log'] = []
  const url = await new Promise<string>((resolve, reject) => {
    const onLine = (line: string) => {
      const entry = line.startsWith('{') ? JSON.parse(line) : line
      log.push(entry)
      if (entry.msg === 'listening') {
        resolve(entry.address)
      }
    }
    createInterface(child.stdout).on('line', onLine)
    createInterface(child.stderr).on('line', onLine)
    child.once('exit', (code) => reject(new Error(`padlock ended with ${code}: ${JSON.stringify(log)}`)))
  })
  const readiness = `${url}/health/ready`
  const ask = () => (tls === undefined ? fetch(readiness) : httpsRequest(readiness, tls))
  while ((await ask()).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  const good = `Bearer ${await backend.callers.token()}`
  return {
    ...backend,
    url,
    process: child,
    log,
    logged: async (values) => {
      const isIt = (line: Record<string, unknown>) =>
        Object.entries(values).every(([name, value]) => line[name] === value)
      await until(() => log.some(isIt))
      return log.find(isIt)
    },
    issue: (body, { profile = 'default', headers = {} } = {}) =>
      contractFetch(`${url}/v1/profiles/${profile}/tokens`, {
        method: 'POST',
        headers: { authorization: good, 'content-type': 'application/json', ...headers },
        body:
          typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
  }
}

/** A Vault and a Padlock on it. */
export async function testService(
  t: Pick<Test, 'teardown'>,
  env: Record<string, string> = {},
): Promise<TestService> {
  return startService(t, await testBackend(t), env)
}
