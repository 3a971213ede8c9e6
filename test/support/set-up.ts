import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { audience, issuer, testIssuer } from './callers.ts'
import { type ServiceProcess, startService } from './service.ts'
import { type CommandOutcome, runCommandLine } from './terminal.ts'
import type { TestVault } from './vault.ts'

/** A Vault on which the administrator's `padlock setup` runs, and Padlocks with the logins that it makes. */
export interface SetUp {
  /** Runs `padlock setup` with the administrator's token, or another one. */
  setup(args: readonly string[], token?: string): Promise<CommandOutcome>
  /** Runs `padlock profile …` with the administrator's token, or another one. */
  profile(args: readonly string[], token?: string): Promise<CommandOutcome>
  /** Options that a new profile needs. */
  making: readonly string[]
  /** Options for the files of a service's login. */
  files(name: string): string[]
  /** Starts a Padlock with these files. */
  serve(t: Pick<Test, 'teardown'>, name: string, env?: Record<string, string>): Promise<ServiceProcess>
}

export async function testSetUp(vault: TestVault): Promise<SetUp> {
  const callers = testIssuer()
  const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const recipientFile = join(vault.dir, 'recipient.pem')
  const callerKeyFile = join(vault.dir, 'caller.pem')
  await writeFile(recipientFile, recipient.publicKey.export({ type: 'spki', format: 'pem' }))
  await writeFile(callerKeyFile, callers.publicKeyPem)
  const file = (name: string, kind: string) => join(vault.dir, `${name}-${kind}`)
  const env = (token = vault.rootToken) => ({
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: token,
    HOME: vault.dir,
  })
  return {
    setup: (args, token) => runCommandLine(env(token), ['setup', ...args]),
    profile: (args, token) => runCommandLine(env(token), ['profile', ...args]),
    making: ['--issuer', 'https://shop.test', '--recipient-key', recipientFile],
    files: (name) => ['--role-id-out', file(name, 'role-id'), '--secret-id-out', file(name, 'secret-id')],
    serve: (t, name, more = {}) =>
      startService(t, {
        callers,
        env: {
          VAULT_ADDR: vault.address,
          PADLOCK_VAULT_ROLE_ID_FILE: file(name, 'role-id'),
          PADLOCK_VAULT_SECRET_ID_FILE: file(name, 'secret-id'),
          PADLOCK_PORT: '0',
          PADLOCK_PROFILE_REFRESH_SECONDS: '1',
          PADLOCK_RATE_LIMIT_PER_SECOND: '0',
          PADLOCK_REFUSALS_PER_MINUTE: '0',
          PADLOCK_CALLER_PUBLIC_KEY_FILE: callerKeyFile,
          PADLOCK_CALLER_ISSUER: issuer,
          PADLOCK_CALLER_AUDIENCE: audience,
          ...more,
        },
      }),
  }
}

/** Asks for one token after the other until it is told to end; gives the statuses, each with its count. */
export function steadyTokens({ issue }: ServiceProcess): { end(): Promise<Record<string, number>> } {
  const counts: Record<string, number> = {}
  let going = true
  const asking = (async () => {
    while (going) {
      const answer = await issue({ userId: 'customer-8714' })
      await answer.arrayBuffer()
      counts[answer.status] = (counts[answer.status] ?? 0) + 1
    }
  })()
  return {
    async end() {
      going = false
      await asking
      return counts
    },
  }
}
