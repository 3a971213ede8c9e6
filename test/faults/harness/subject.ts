import { createPublicKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { rsaKeyFile } from '../../../dev/rsa-key-file.ts'
import { type Credentials, setUpVault } from '../../../dev/set-up-vault.ts'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import { audience, issuer, type TestIssuer, testIssuer } from '../../support/callers.ts'
import { type VaultAnswer, vaultApi } from '../../support/vault.ts'
import type { Recipient } from './judge.ts'

/** A Vault that `padlock setup` has set up, and what is needed to run Padlock on it and to judge its tokens. */
export interface Subject {
  /** folder of this subject alone, removed at the end of the test */
  dir: string
  callers: TestIssuer
  credentials: Credentials
  recipient: Recipient
  /** variables for `padlock serve`, on the AppRole login that setup made */
  env: Record<string, string>
  /** Calls Vault's `/v1/<path>` with the root token. */
  api(method: string, path: string, body?: object, token?: string): Promise<VaultAnswer>
}

/** A folder that is removed at the end of the test. */
export async function testFolder(t: Pick<Test, 'teardown'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'padlock-faults-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Sets a fresh Vault up as production does. */
export async function testSubject(
  t: Pick<Test, 'teardown'>,
  vault: { address: string; rootToken: string },
): Promise<Subject> {
  const dir = await testFolder(t)
  const key = await rsaKeyFile(join(dir, 'recipient.pem'))
  const client = createVaultClient({ address: vault.address })
  const credentials = await setUpVault(client, vault.rootToken, key.publicKeyPem, dir).finally(() =>
    client.close(),
  )
  const callers = testIssuer()
  const callerKeyFile = join(dir, 'caller.pem')
  await writeFile(callerKeyFile, callers.publicKeyPem)
  const api = vaultApi(vault.address, vault.rootToken)
  const { body } = await api('GET', 'transit/keys/padlock-default')
  return {
    dir,
    callers,
    credentials,
    api,
    recipient: {
      privateKey: key.privateKey,
      publicKeys: [createPublicKey(body.data.keys[1].public_key)],
      issuer: 'https://shop.example',
    },
    env: {
      VAULT_ADDR: vault.address,
      PADLOCK_VAULT_ROLE_ID_FILE: credentials.roleIdFile,
      PADLOCK_VAULT_SECRET_ID_FILE: credentials.secretIdFile,
      PADLOCK_PORT: '0',
      // The load is one caller's.
      PADLOCK_RATE_LIMIT_PER_SECOND: '0',
      PADLOCK_REFUSALS_PER_MINUTE: '0',
      PADLOCK_CALLER_PUBLIC_KEY_FILE: callerKeyFile,
      PADLOCK_CALLER_ISSUER: issuer,
      PADLOCK_CALLER_AUDIENCE: audience,
    },
  }
}
