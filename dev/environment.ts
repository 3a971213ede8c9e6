import { mkdir, rm } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { createVaultClient, type VaultClient } from '../src/vault/client/client.ts'
import { findVaultBinary } from '../tools/vault/vault-binary.ts'
import { type DevVault, startVault } from './dev-vault.ts'
import { writeEnvFile } from './env-file.ts'
import { type PadlockProcess, startPadlock } from './padlock-process.ts'
import { type Recipient, startRecipient } from './recipient.ts'
import { rsaKeyFile } from './rsa-key-file.ts'
import { setUpVault } from './set-up-vault.ts'
import { shopCaller } from './shop-caller.ts'
import type { ProcessEnd } from './vault-process.ts'

const root = resolve(import.meta.dirname, '..')

/** Everything that `make run` starts. */
export interface Environment {
  vault: DevVault
  recipient: Recipient
  padlock: PadlockProcess
  /** PKCS#8 PEM file with the recipient's private key */
  recipientKeyFile: string
  /** a JWT for the shop's backend */
  callerToken: string
  /** `.dev/env`, with all that a script needs to know */
  envFile: string
  padlockLog: string
  /** Settles with the name of the first part that ends by itself. */
  ended: Promise<{ part: string; end: ProcessEnd }>
  /** Ends all that was started, in order. It may be called again. */
  stop(): Promise<void>
}

/** More to set up in Vault before Padlock starts. */
export type Preparation = (client: VaultClient, rootToken: string, recipientKeyPem: string) => Promise<void>

/** A port from the environment. @throws Error with one sentence when it is none */
export function port(env: NodeJS.ProcessEnv, name: string, standard: number): number {
  const value = env[name] ? Number(env[name]) : standard
  if (Number.isInteger(value) && value > 0 && value < 65_536) {
    return value
  }
  throw new Error(`${name} is not a port: give a whole number from 1 to 65535.`)
}

/**
 * Starts a real Vault, sets it up as production is set up, and starts the recipient and Padlock on it.
 *
 * @param say receives one line for each step
 * @param signal ends what is under way, and what was started
 * @param prepare sets up more than `make run` needs
 * @throws Error with one sentence that says what to do; whatever was started has ended by then
 */
export async function startEnvironment(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  signal?: AbortSignal,
  prepare?: Preparation,
): Promise<Environment> {
  const ports = {
    padlock: port(env, 'PADLOCK_PORT', 3000),
    recipient: port(env, 'PADLOCK_DEV_RECIPIENT_PORT', 3100),
    vault: port(env, 'PADLOCK_DEV_VAULT_PORT', 8200),
  }
  const dir = resolve(env.PADLOCK_DEV_DIR || join(root, '.dev'))
  const file = (name: string) => join(dir, name)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  // A reader that waits for the first must not find the last run's; the logs are of a Vault that is gone.
  for (const name of ['env', 'vault-audit.log', 'issuance.log']) {
    await rm(file(name), { force: true })
  }
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
      await next()
    }
  }
  try {
    const binary = await findVaultBinary({ env, log: say, signal })
    signal?.throwIfAborted()
    const auditLog = file('vault-audit.log')
    const vault = await startVault({ binary: binary.path, port: ports.vault, auditLog })
    stops.push(() => vault.stop())
    say(
      `${binary.product} ${binary.version} runs at ${vault.address}, in dev mode: it forgets everything when it ends.`,
    )

    const client = createVaultClient({ address: vault.address })
    stops.push(() => client.close())
    const { publicKeyPem } = await rsaKeyFile(file('recipient-key.pem'))
    const credentials = await setUpVault(client, vault.rootToken, publicKeyPem, dir)
    say(
      `Vault is set up by \`padlock setup\`: profile default, key padlock-default, AppRole ${credentials.role}.`,
    )
    await prepare?.(client, vault.rootToken, publicKeyPem)
    const caller = await shopCaller(dir)
    say("The shop's backend has a key pair for its JWTs; .dev/env has one, good for 23 hours.")
    signal?.throwIfAborted()

    const padlockLog = file('padlock.log')
    const serveEnv = {
      ...withoutOurs(env),
      // One developer is one caller and one address: no limit stands in the way of a load test.
      PADLOCK_RATE_LIMIT_PER_SECOND: '0',
      PADLOCK_REFUSALS_PER_MINUTE: '0',
      VAULT_ADDR: vault.address,
      PADLOCK_PORT: String(ports.padlock),
      PADLOCK_ISSUANCE_LOG: file('issuance.log'),
      PADLOCK_VAULT_ROLE_ID_FILE: credentials.roleIdFile,
      PADLOCK_VAULT_SECRET_ID_FILE: credentials.secretIdFile,
      ...caller.serveEnv,
    }
    const padlock = await startPadlock(join(root, 'src/main.ts'), serveEnv, ports.padlock, padlockLog)
    stops.push(() => padlock.stop())
    say(
      `Padlock runs at ${padlock.url}, logged in to Vault by AppRole, with its rate limits off; its log is ${relative('', padlockLog)}.`,
    )

    const recipient = await startRecipient({
      keyFile: file('recipient-key.pem'),
      customerKeys: { jwksUrl: `${padlock.url}/v1/profiles/default/jwks.json` },
      port: ports.recipient,
    })
    stops.push(() => recipient.close())
    say(`The recipient, which stands where iAdvize stands, runs at ${recipient.url}.`)

    const envFile = file('env')
    await writeEnvFile(envFile, {
      PADLOCK_URL: padlock.url,
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: vault.rootToken,
      VAULT_BIN: binary.path,
      // What the programs of examples/ read, and `padlock caller inspect`.
      PADLOCK_CALLER_KEY_FILE: caller.keyFile,
      ...caller.serveEnv,
      PADLOCK_DEV_CALLER_TOKEN: caller.token,
      PADLOCK_DEV_RECIPIENT_URL: recipient.url,
      PADLOCK_DEV_RECIPIENT_KEY_FILE: file('recipient-key.pem'),
      PADLOCK_DEV_VAULT_AUDIT_LOG: auditLog,
      PADLOCK_DEV_ISSUANCE_LOG: file('issuance.log'),
      PADLOCK_PID: padlock.pid,
      VAULT_PID: vault.pid,
    })
    const ended = Promise.race([
      vault.exited.then((end) => ({ part: 'Vault', end })),
      padlock.exited.then((end) => ({ part: 'Padlock', end })),
    ])
    return {
      vault,
      recipient,
      recipientKeyFile: file('recipient-key.pem'),
      padlock,
      callerToken: caller.token,
      envFile: relative('', envFile),
      padlockLog,
      ended,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The user's environment without what would configure another Vault or Padlock than the one started here. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Log level, deadlines and the like stay as the user set them.
  const foreign = /^(VAULT_|BAO_|PADLOCK_(VAULT|CALLER|DEV|HOST|KV_MOUNT|TRANSIT_MOUNT|ALLOW|ISSUANCE))/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)))
}
