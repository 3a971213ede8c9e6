import {
  auditCorrelation,
  correlationHeader,
  readCorrelationAudit,
} from '../../vault/admin/audited-header.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { unlessDenied } from '../../vault/client/not-found.ts'
import { type Step, unchanged } from './step.ts'

const kind = 'audited header'
const standbys =
  `Standby nodes of OpenBao that run already write no ${correlationHeader} to their audit logs until they are ` +
  'restarted.'
const denied =
  `This token may not see whether Vault's audit log holds ${correlationHeader}. Without it, \`padlock audit reconcile\` ` +
  'compares by hash alone. An administrator of the root namespace sets it: ' +
  `vault write sys/config/auditing/request-headers/${correlationHeader} hmac=false`

/** The step of the header by which an entry of Vault's audit log is found from Padlock's log. */
export async function planAuditedHeader(client: VaultClient): Promise<Step> {
  const present = await unlessDenied(readCorrelationAudit(client))
  if (present === undefined) {
    return unchanged(kind, correlationHeader, 'not known', [denied])
  }
  if (present === 'clear') {
    return unchanged(kind, correlationHeader, "in clear in Vault's audit logs")
  }
  const apply = () => auditCorrelation(client)
  return present === 'none'
    ? {
        ...{ kind, name: correlationHeader, state: 'create', detail: "in clear in Vault's audit logs" },
        notes: [standbys],
        apply,
      }
    : { kind, name: correlationHeader, state: 'update', detail: 'in clear, no longer as an HMAC', apply }
}
