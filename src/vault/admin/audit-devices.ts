import { Type } from 'typebox'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'

const DevicesSchema = Type.Record(Type.String(), Type.Object({ type: Type.String() }))
const HashSchema = Type.Object({ hash: Type.String() })

/** The paths of all audit devices, without the slash at their ends (Vault API, `sys/audit`; needs `sudo`). */
export async function listAuditDevices(client: VaultClient): Promise<string[]> {
  const devices = answerData(DevicesSchema, 'its audit devices', await client.read('sys/audit'))
  return Object.keys(devices).map((path) => path.replace(/\/$/, ''))
}

/** The HMAC under which a value stands in a device's log (Vault API, `sys/audit-hash`): `hmac-sha256:<hex>`. */
export async function auditHash(client: VaultClient, device: string, input: string): Promise<string> {
  const body = await client.write(`sys/audit-hash/${device}`, { input }, { idempotent: true })
  return answerData(HashSchema, 'a hash', body).hash
}
