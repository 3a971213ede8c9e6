import { createHash } from 'node:crypto'
import { type Command, Option } from '@commander-js/extra-typings'
import { partitionCount } from '../../audit/reconcile/partitions.ts'
import { Reconciliation } from '../../audit/reconcile/reconciliation.ts'
import type { LogFile } from '../../audit/trail/log-lines.ts'
import { refused, usageError } from '../../cli/exit.ts'
import { asOperator } from '../../cli/operator.ts'
import { kvMountOption, mountPath, policyPrefixOption, transitMountOption } from '../../cli/options.ts'
import { keepHeapSmall } from '../../cli/process.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { momentParser } from '../../cli/values/moment.ts'
import { duration } from '../../cli/values/parsers.ts'
import { verb as made, operatorText } from '../../cli/verb.ts'
import { withBaoVariables } from '../../config/bao-variables.ts'
import { policyName } from '../../vault/admin/policies.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { probeCorrelationPrefix, probeText } from '../../vault/signing/signing-probe.ts'
import {
  auditHelp,
  auditLogOption,
  deviceOption,
  issuanceLogOption,
  sampleSize,
  serviceLogins,
} from './flags.ts'
import { logFiles } from './log-reading.ts'
import { expectedChanges, lineBytes, openHashes, readAll } from './reconcile-inputs.ts'
import { printReconciliation, type ReconcileReport } from './reconcile-report.ts'

const probe = {
  correlationPrefix: probeCorrelationPrefix,
  auditId: createHash('sha256').update(probeText).digest('base64url'),
}

/** The role that `padlock setup` makes. */
const standardRole = 'padlock'

/** Tokens whose hashes are looked at where nothing is said. */
const standardSample = 1_000
const standardGrace = 60

const help = {
  text: `${operatorText} ${auditHelp.text}

Give the logs of the whole interval, of all nodes of Vault and all instances of Padlock. Each hash that is looked at is a
call to Vault, and two lines in its audit log; what is not looked at is compared by its call and number.`,
  examples: [
    'padlock audit reconcile --since 25h --until 1h --log /var/log/vault/audit.log* --issuance-log /var/log/padlock/*.log',
    'padlock audit reconcile --since 2026-01-01 --log audit.log.gz --issuance-log issuance.log --verify-hashes all',
  ],
  exitCodes:
    'Exit codes: 0 every signature is accounted for and nothing else is to be looked at, 1 findings, 2 wrong usage, 3 Vault cannot be reached.',
}

const flags = (command: Command) => {
  const moment = momentParser()
  return command
    .addOption(
      new Option('--since <time>', 'from then, or so long ago').argParser(moment).makeOptionMandatory(),
    )
    .addOption(
      new Option('--until <time>', 'to then, or so long ago').argParser(moment).default(moment('2m'), '2m'),
    )
    .addOption(auditLogOption().makeOptionMandatory())
    .addOption(issuanceLogOption().makeOptionMandatory())
    .addOption(
      new Option('--verify-hashes <tokens>', 'tokens whose hashes are looked at: all, none or about how many')
        .argParser(sampleSize)
        .default(standardSample),
    )
    .addOption(
      new Option(
        '--grace <time>',
        'read so much before and after too, for calls at the edges and clocks that differ',
      )
        .argParser(duration)
        .default(standardGrace, '1m'),
    )
    .addOption(deviceOption())
    .addOption(new Option('--approle-mount <path>', 'AppRole method').argParser(mountPath).default('approle'))
    .addOption(
      new Option(
        '--service-login <mount/role...>',
        'logins of the service: auth mount and role, certificate or user; token/NAME for a token made by hand with ' +
          'that display name (default: padlock, of the AppRole method)',
      ).argParser(serviceLogins),
    )
    .option('--signer-policy <name...>', 'policies that let sign (default: that of --policy-prefix)')
    .option('--expected-changes <file>', 'planned changes, which are then no findings (see docs/audit.md)')
    .addOption(transitMountOption())
    .addOption(kvMountOption())
    .addOption(policyPrefixOption())
}

type Options = ReturnType<ReturnType<typeof flags>['opts']>

/** @throws CommandError with exit code 2 for an interval that is none */
function checkInterval({ since, until }: Options): void {
  if (since >= until) {
    throw usageError('--since must be earlier than --until (2m ago, where it is not given).')
  }
  if (since > Date.now()) {
    throw usageError('--since is in the future: nothing was signed since.')
  }
}

/** Every signature of an interval, explained or found. @param client undefined where no hash is to be looked at */
async function compared(
  terminal: Terminal,
  options: Options,
  [logs, issuanceLogs]: readonly [LogFile[], LogFile[]],
  client: VaultClient | undefined,
): Promise<ReconcileReport> {
  const { since, until, verifyHashes, transitMount, kvMount, approleMount } = options
  const expected = await expectedChanges(options.expectedChanges, terminal)
  const namespace = (withBaoVariables(terminal.env).VAULT_NAMESPACE ?? '').replace(/^\/|\/$/g, '')
  // Now, and not after gigabytes were read.
  const hashes = client && (await openHashes(client, options.device))
  const reconciliation = new Reconciliation(
    { since, until, graceMs: options.grace * 1000 },
    {
      mounts: { transit: transitMount, kv: kvMount },
      namespace,
      expected,
      signers: {
        policies: options.signerPolicy ?? [policyName('signer', options.policyPrefix)],
        logins: options.serviceLogin ?? [{ mount: approleMount, role: standardRole }],
      },
    },
    partitionCount([...logs, ...issuanceLogs].reduce((sum, file) => sum + lineBytes(file), 0)),
    hashes?.check,
  )
  try {
    const searched = await readAll(reconciliation, logs, issuanceLogs, terminal)
    return {
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      ...searched,
      ...(await reconciliation.judge(searched.logs, searched.issuanceLogs, probe, verifyHashes)),
      devices: hashes?.devices ?? [],
      hashesAsked: hashes?.check.asked ?? 0,
    }
  } finally {
    reconciliation.close()
  }
}

/**
 * `padlock audit reconcile`: every signature of an interval, explained or found. Exit code 1 when there are findings, 2
 * for a log that cannot be read.
 */
export const verb = made(help, flags, async ({ terminal, json }, options) => {
  keepHeapSmall()
  checkInterval(options)
  const [logs = [], issuanceLogs = []] = await logFiles(options.log, options.issuanceLog)
  if (logs.length === 0 || issuanceLogs.length === 0) {
    throw usageError('Give each log once, and one of each kind.')
  }
  const work = async (client?: VaultClient) => {
    const report = await compared(terminal, options, [logs, issuanceLogs], client)
    if (json) {
      terminal.stdout.json(report)
    } else {
      printReconciliation(terminal, report)
    }
    const { findingTotal: total } = report
    if (total > 0) {
      throw refused(`${total} finding${total === 1 ? '' : 's'}.`)
    }
  }
  if (options.verifyHashes === 0) {
    return work()
  }
  await asOperator(terminal, { ...options, output: 'json' }, ({ client }) => work(client), auditHelp.role)
})
