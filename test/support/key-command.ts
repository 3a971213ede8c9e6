import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { policyText } from '../../src/vault/admin/policies.ts'
import { type CommandOutcome, runCommandLine } from './terminal.ts'
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

/** What changes something, and wants `--yes` where nobody is at a terminal. */
const changing = ['stage', 'activate', 'rollback', 'retire']

/** Runs `padlock key …` in this process, with `--yes` where it is needed. */
export function keyRunner(vault: TestVault, token: string) {
  return (args: readonly string[], { answer, env = {} }: KeyRun = {}): Promise<CommandOutcome> => {
    const variables = { VAULT_ADDR: vault.address, VAULT_TOKEN: token, HOME: vault.dir, ...env }
    const isScript = answer === undefined && changing.includes(args[0] ?? '') && !args.includes('--yes')
    const given = ['key', ...args, ...(isScript ? ['--yes'] : [])]
    return runCommandLine(variables, given, answer === undefined ? {} : { answer })
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
