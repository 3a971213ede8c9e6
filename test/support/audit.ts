import { join } from 'node:path'
import type { Test } from 'tap'
import type { ReconcileReport } from '../../src/commands/audit/reconcile-report.ts'
import { policyText } from '../../src/vault/admin/policies.ts'
import { startService, type TestBackend, type TestService } from './service.ts'
import { type CommandOutcome, runCommandLine } from './terminal.ts'
import type { TestVault } from './vault.ts'

/** A token with the auditor's policy and nothing else. */
export async function auditorToken({ api }: TestVault): Promise<string> {
  const mounts = {
    transitMount: 'transit',
    kvMount: 'secret',
    appRoleMount: 'approle',
    appRoleName: 'padlock',
  }
  await api('PUT', 'sys/policies/acl/padlock-auditor', { policy: await policyText('auditor', mounts) })
  const made = await api('POST', 'auth/token/create', {
    policies: ['padlock-auditor'],
    no_default_policy: true,
  })
  return made.body.auth.client_token
}

/** Runs `padlock audit …` as the auditor. */
export type RunAudit = (args: readonly string[], input?: string) => Promise<CommandOutcome>

export async function auditRunner(vault: TestVault): Promise<RunAudit> {
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: await auditorToken(vault), HOME: vault.dir }
  return (args, input = '') => runCommandLine(env, ['audit', ...args], { input })
}

/** A service with an issuance log of its own. */
export async function loggedService(
  t: Test,
  backend: TestBackend,
  env: Record<string, string> = {},
): Promise<TestService & { issuanceLog: string }> {
  const issuanceLog = join(t.testdir({}), 'issuance.log')
  return { ...(await startService(t, backend, { PADLOCK_ISSUANCE_LOG: issuanceLog, ...env })), issuanceLog }
}

/** The report of `padlock audit reconcile --output json` on an interval, and its exit code. */
export async function reconciled(
  run: RunAudit,
  interval: { since: number; until: number },
  logs: { log: string[]; issuanceLog: string[] },
  more: string[] = [],
): Promise<ReconcileReport & { exitCode: number }> {
  const text = (ms: number) => new Date(ms).toISOString()
  const { exitCode, stdout, stderr } = await run([
    ...['reconcile', '--since', text(interval.since), '--until', text(interval.until), '--grace', '10s'],
    ...['--log', ...logs.log, '--issuance-log', ...logs.issuanceLog, '--output', 'json', ...more],
  ])
  if (!stdout.startsWith('{')) {
    throw new Error(stderr)
  }
  return { exitCode, ...JSON.parse(stdout) }
}
