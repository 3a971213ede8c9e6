import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { issueCallerToken } from '../../dev/callers.ts'
import { clientWithToken, createVaultClient, type VaultClient } from '../../src/vault/client/client.ts'
import { oneShot, waitingFor } from './waiting.ts'

// What docker-compose.yml needs before `padlock setup` and what production has already: Vault's audit log, the
// recipient's public key, and an issuer of callers' JWTs. Development only; run again, it changes nothing that works.
const { values } = parseArgs({ options: { 'audit-log': { type: 'string' }, out: { type: 'string' } } })
const { VAULT_ADDR, VAULT_TOKEN, PADLOCK_DEV_RECIPIENT_URL } = process.env
const auditLog = values['audit-log']
if (!VAULT_ADDR || !VAULT_TOKEN || !PADLOCK_DEV_RECIPIENT_URL || !auditLog || !values.out) {
  console.error('Give VAULT_ADDR, VAULT_TOKEN, PADLOCK_DEV_RECIPIENT_URL, --audit-log FILE and --out FOLDER.')
  process.exit(2)
}
const { out } = values

/** Vault answers before its KV engine is there, which is the last part of a development Vault to come up. */
async function vaultIsUp(vault: VaultClient): Promise<void> {
  const { data } = (await vault.read('sys/mounts')) as { data: Record<string, unknown> }
  if (!('secret/' in data)) {
    throw new Error('it has no KV engine yet.')
  }
}

async function enableAudit(vault: VaultClient, file: string): Promise<void> {
  const { data } = (await vault.read('sys/audit')) as { data: Record<string, unknown> }
  if (!('file/' in data)) {
    await vault.write('sys/audit/file', { type: 'file', options: { file_path: file } })
  }
}

async function recipientPublicKey(url: string): Promise<string> {
  const answer = await fetch(`${url}/public-key.pem`, { signal: AbortSignal.timeout(5_000) })
  if (!answer.ok) {
    throw new Error(`The recipient answered ${answer.status}.`)
  }
  return answer.text()
}

await oneShot(async () => {
  const client = createVaultClient({ address: VAULT_ADDR })
  const vault = clientWithToken(client, VAULT_TOKEN)
  try {
    await waitingFor(`Vault at ${VAULT_ADDR}`, () => vaultIsUp(vault))
    await enableAudit(vault, auditLog)
    const recipient = `the recipient at ${PADLOCK_DEV_RECIPIENT_URL}`
    const publicKey = await waitingFor(recipient, () => recipientPublicKey(PADLOCK_DEV_RECIPIENT_URL))
    await writeFile(join(out, 'recipient.pem'), publicKey)
    const callerToken = await issueCallerToken(client, VAULT_TOKEN, randomBytes(24).toString('base64url'))
    await writeFile(join(out, 'caller.jwt'), `${callerToken}\n`, { mode: 0o600 })
  } finally {
    await client.close()
  }
  console.log(`Vault writes its audit log; ${out} holds recipient.pem and caller.jwt.`)
})
