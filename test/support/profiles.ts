import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parseRecipientKey } from '../../src/keys/recipient-key.ts'
import { type CommandOutcome, runCommandLine } from './terminal.ts'
import { type TestVault, testVault } from './vault.ts'

type Given = Parameters<typeof runCommandLine>[2] & { env?: NodeJS.ProcessEnv }

/** A real Vault with a transit engine, and the commands that operators run on it. */
export interface ProfileCommands {
  vault: TestVault
  env: NodeJS.ProcessEnv
  profile(args: string[], given?: Given): Promise<CommandOutcome>
  recipient(args: string[], given?: Given): Promise<CommandOutcome>
  /** Runs a command that must succeed; what it printed as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the command printed.
  json(run: ProfileCommands['profile'], args: string[], given?: Given): Promise<any>
  /** Writes a new recipient key to a file. */
  newKey(): Promise<{ file: string; pem: string; thumbprint: string; fingerprint: string }>
  /** Makes a profile with `padlock profile create`. */
  create(name: string, args?: string[]): Promise<void>
  /** the settings as they stand in KV */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever stands there.
  stored(name: string): Promise<{ version: number; data: any }>
  /** Writes settings as they are given, as somebody with another tool would. */
  put(name: string, settings: object): Promise<void>
}

/** Starts a Vault for the tests of operators' commands; it ends with the test. */
export async function profileCommands(t: Pick<Test, 'teardown'>): Promise<ProfileCommands> {
  const vault = await testVault(t)
  await vault.api('POST', 'sys/mounts/transit', { type: 'transit' })
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken, HOME: vault.dir }
  let count = 0
  const run: (noun: string) => ProfileCommands['profile'] =
    (noun) =>
    (args, { env: variables, ...given } = {}) =>
      runCommandLine(variables ?? env, [noun, ...args], given)
  const commands: ProfileCommands = {
    vault,
    env,
    profile: run('profile'),
    recipient: run('recipient'),
    json: async (command, args, given) => {
      const outcome = await command([...args, '--output', 'json'], given)
      if (outcome.exitCode !== 0) {
        throw new Error(outcome.stderr)
      }
      return JSON.parse(outcome.stdout)
    },
    newKey: async () => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      count += 1
      const file = join(vault.dir, `recipient-${count}.pem`)
      await writeFile(file, pem)
      return { file, ...parseRecipientKey(pem) }
    },
    create: async (name, args = []) => {
      const { file } = await commands.newKey()
      const making = ['create', name, '--issuer', 'https://shop.test', '--recipient-key', file, '--yes']
      const { exitCode, stderr } = await commands.profile([...making, ...args])
      if (exitCode !== 0) {
        throw new Error(stderr)
      }
    },
    stored: async (name) => {
      const { body } = await vault.api('GET', `secret/data/padlock/profiles/${name}`)
      return { version: body.data?.metadata?.version, data: body.data?.data }
    },
    put: async (name, settings) => {
      await vault.api('POST', `secret/data/padlock/profiles/${name}`, { data: settings })
    },
  }
  return commands
}
