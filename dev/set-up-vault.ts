import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runSetup } from '../src/commands/setup/run.ts'
import { parseRecipientKey } from '../src/keys/recipient-key.ts'
import type { VaultClient } from '../src/vault/client/client.ts'

/** How Padlock logs in to the Vault that was set up. */
export interface Credentials {
  role: string
  roleIdFile: string
  secretIdFile: string
}

/**
 * Sets a fresh dev Vault up with the same `padlock setup` that production uses: profile `default`, key
 * `padlock-default`, tokens of 60 seconds, an AppRole whose credentials go to files in a folder.
 *
 * @param recipientKey SPKI PEM
 * @throws CommandError
 */
export async function setUpVault(
  client: VaultClient,
  rootToken: string,
  recipientKey: string,
  folder: string,
): Promise<Credentials> {
  const role = 'padlock'
  const files = { roleIdFile: join(folder, 'role-id'), secretIdFile: join(folder, 'secret-id') }
  // They are of the last Vault, which is gone.
  await Promise.all(Object.values(files).map((file) => rm(file, { force: true })))
  await runSetup(client, rootToken, {
    profile: 'default',
    issuer: 'https://shop.example',
    recipientKey: parseRecipientKey(recipientKey),
    transitMount: 'transit',
    kvMount: 'secret',
    appRole: { mount: 'approle', role, ...files },
  })
  return { role, ...files }
}
