import { Type } from 'typebox'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'

const folder = 'sys/config/auditing/request-headers'
/** The header by which Vault's audit log leads to Padlock's log and back. */
export const correlationHeader = 'X-Correlation-Id'

const HeadersSchema = Type.Object({
  headers: Type.Record(Type.String(), Type.Object({ hmac: Type.Boolean() })),
})

/**
 * How correlation ids stand in Vault's audit logs (Vault API, `sys/config/auditing`; root namespace, needs `sudo`): in
 * clear, as an HMAC, or not at all, which is OpenBao's and older Vaults' default.
 */
export async function readCorrelationAudit(client: VaultClient): Promise<'clear' | 'hmac' | 'none'> {
  const { headers } = answerData(HeadersSchema, 'its audited headers', await client.read(folder))
  const found = Object.entries(headers).find(
    ([name]) => name.toLowerCase() === correlationHeader.toLowerCase(),
  )
  if (found === undefined) {
    return 'none'
  }
  return found[1].hmac ? 'hmac' : 'clear'
}

/** Has Vault write correlation ids to its audit logs in clear: they are random, and say nothing of a visitor. */
export async function auditCorrelation(client: VaultClient): Promise<void> {
  await client.write(`${folder}/${correlationHeader}`, { hmac: false }, { idempotent: true })
}
