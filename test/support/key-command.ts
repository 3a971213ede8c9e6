import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { keyCommand } from '../../src/commands/key.ts'
import { policyText } from '../../src/vault/policies.ts'
import { type CommandOutcome, runOnTerminal } from './terminal.ts'
import type { TestVault } from './vault.ts'

/** A token that has the operator's policy alone, with a display name. */
export async function operatorToken(vault: TestVault, name = 'jo'): Promise<string> {
  const paths = {
    transitMount: 'transit',
    kvMount: 'secret',
    appRoleMount: 'approle',
    appRoleName: 'padlock',
  }
  await vault.api('POST', 'sys/policies/acl/padlock-operator', {
    policy: await policyText('operator', paths),
  })
  const made = await vault.api('POST', 'auth/token/create', {
    ...{ policies: ['padlock-operator'], no_default_policy: true, display_name: name },
  })
  return made.body.auth.client_token
}

/** What a run may be given beside its arguments. */
export interface KeyRun {
  /** what is typed at a terminal; without it there is none */
  answer?: string
  env?: NodeJS.ProcessEnv
}

/** Runs `padlock key …` in this process. */
export function keyRunner(vault: TestVault, token: string) {
  return async (args: readonly string[], { answer, env = {} }: KeyRun = {}): Promise<CommandOutcome> => {
    let outcome: CommandOutcome | undefined
    const variables = { VAULT_ADDR: vault.address, VAULT_TOKEN: token, HOME: vault.dir, ...env }
    const command = keyCommand(async (work) => {
      outcome = await runOnTerminal(variables, work, answer === undefined ? {} : { answer })
    })
    await command.parseAsync([...args], { from: 'user' })
    if (outcome === undefined) throw new Error('the command did not run')
    return outcome
  }
}

const main = join(import.meta.dirname, '../../src/main.ts')

/** Runs `padlock …` as a process. */
export function padlockProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<CommandOutcome & { child: ReturnType<typeof execFile> }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? -1)
      resolve({ exitCode, stdout, stderr, child })
    })
  })
}
