import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { PadlockError } from '../../../src/errors.ts'
import { clientWithToken, createVaultClient, type VaultClient } from '../../../src/vault/client/client.ts'
import { checkSigningKey } from '../../../src/vault/keys/signing-key.ts'
import { signingKeyTypes, TransitKeys } from '../../../src/vault/keys/transit-keys.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const open = createVaultClient({ address: vault.address })
t.teardown(() => open.close())
const client = clientWithToken(open, vault.rootToken)
await vault.api('POST', 'sys/mounts/transit', { type: 'transit' })

const keys = new TransitKeys(client, 'transit')
const read = (name: string) => keys.read(name)

/** Why a key is refused; undefined for one that may sign. */
async function refusal(name: string): Promise<string | undefined> {
  try {
    checkSigningKey(await read(name), name)
    return undefined
  } catch (error) {
    if (!(error instanceof PadlockError)) {
      throw error
    }
    t.equal(error.code, 'signing_key_missing')
    return error.message
  }
}

t.test('a key of each size is made as Padlock needs it, and may sign', async (t) => {
  for (const type of signingKeyTypes) {
    const name = `padlock-${type}`
    await keys.create(name, type)
    const key = await read(name)
    t.match(key, {
      ...{
        name,
        type,
        exportable: false,
        allowPlaintextBackup: false,
        deletionAllowed: false,
        imported: false,
      },
      ...{ autoRotateSeconds: 0, latestVersion: 1, minEncryptionVersion: 0, minDecryptionVersion: 1 },
    })
    t.same([...(key?.versions.keys() ?? [])], [1])
    const version = key?.versions.get(1)
    t.equal(`rsa-${createPublicKey(version?.publicKey as string).asymmetricKeyDetails?.modulusLength}`, type)
    t.ok(Math.abs(Date.parse(version?.createdAt as string) - Date.now()) < 60_000)
    t.equal(await refusal(name), undefined)
  }
})

t.test('making a key that exists changes nothing', async (t) => {
  await keys.create('padlock-twice', 'rsa-2048')
  const before = await read('padlock-twice')
  await keys.create('padlock-twice', 'rsa-4096')
  t.same(await read('padlock-twice'), before)
})

t.test('every version is there, but those that Vault has archived', async (t) => {
  await keys.create('padlock-rotated', 'rsa-2048')
  for (let i = 0; i < 2; i++) {
    await vault.api('POST', 'transit/keys/padlock-rotated/rotate')
  }
  await vault.api('POST', 'transit/keys/padlock-rotated/config', {
    min_decryption_version: 2,
    min_encryption_version: 3,
  })
  const key = await read('padlock-rotated')
  t.match(key, { latestVersion: 3, minDecryptionVersion: 2, minEncryptionVersion: 3 })
  t.same([...(key?.versions.keys() ?? [])], [2, 3])
})

t.test('a key that is not there', async (t) => {
  t.equal(await read('padlock-none'), undefined)
  t.match(await refusal('padlock-none'), 'padlock-none does not exist')
})

t.test('keys that must not sign', async (t) => {
  const make = (name: string, body: object) => vault.api('POST', `transit/keys/${name}`, body)
  await make('exportable', { type: 'rsa-2048', exportable: true })
  await make('backup', { type: 'rsa-2048', allow_plaintext_backup: true })
  await make('ed25519', { type: 'ed25519' })
  await make('ecdsa', { type: 'ecdsa-p256' })
  await make('aes', {})
  t.match(await refusal('exportable'), 'is exportable')
  t.match(await refusal('backup'), 'plaintext backup')
  t.match(await refusal('ed25519'), 'type ed25519')
  t.match(await refusal('ecdsa'), 'type ecdsa-p256')
  t.match(await refusal('aes'), 'type aes256-gcm96')
})

t.test('a key that became exportable later is refused from then on', async (t) => {
  await keys.create('padlock-later', 'rsa-2048')
  t.equal(await refusal('padlock-later'), undefined)
  await vault.api('POST', 'transit/keys/padlock-later/config', { exportable: true })
  t.match(await refusal('padlock-later'), 'is exportable')
})

t.test('deletion is forbidden again where someone allowed it', async (t) => {
  await keys.create('padlock-kept', 'rsa-2048')
  await vault.api('POST', 'transit/keys/padlock-kept/config', { deletion_allowed: true })
  t.equal((await read('padlock-kept'))?.deletionAllowed, true)
  await keys.forbidDeletion('padlock-kept')
  t.equal((await read('padlock-kept'))?.deletionAllowed, false)
  t.equal((await vault.api('DELETE', 'transit/keys/padlock-kept')).status, 400)
})

t.test('answers that a healthy Vault never gives', async (t) => {
  const good = {
    ...{ type: 'rsa-2048', exportable: false, allow_plaintext_backup: false, deletion_allowed: false },
    ...{ latest_version: 1, min_encryption_version: 0, min_decryption_version: 1 },
  }
  const pem = (modulusLength: number) =>
    generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' })
  const version = (public_key: unknown) => ({ 1: { public_key, creation_time: '2026-01-01T00:00:00Z' } })
  let body: unknown
  const server = createServer((_request, response) => response.end(JSON.stringify(body)))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const standIn = createVaultClient({ address: `http://127.0.0.1:${port}` })
  t.teardown(() => standIn.close())
  const check = async (data: unknown) => {
    body = { data }
    checkSigningKey(await new TransitKeys(standIn, 'transit').read('k'))
  }
  await check({ ...good, keys: version(pem(2048)) })
  for (const data of [
    undefined,
    null,
    [],
    {},
    { ...good },
    { ...good, keys: { x: 1 } },
    { ...good, keys: version(1) },
    { ...good, keys: {}, exportable: 'false' },
    { ...good, keys: {}, exportable: undefined },
    { ...good, keys: {}, latest_version: 0 },
    { ...good, keys: {}, latest_version: '1' },
  ]) {
    await t.rejects(check(data), { code: 'vault_unavailable' }, JSON.stringify(data))
  }
  await t.rejects(check({ ...good, keys: version(pem(1024)) }), { code: 'signing_key_missing' }, 'RSA-1024')
  await t.rejects(check({ ...good, keys: version('x') }), { code: 'signing_key_missing' }, 'not a key')
})

t.test('a token without the right to a key', async (t) => {
  const stranger = new TransitKeys(clientWithToken(open, 'hvs.nobody'), 'transit')
  await t.rejects(stranger.read('padlock-kept'), { code: 'vault_denied' })
})

t.test('a key that was soft-deleted, or is held outside, is refused with its reason', async (t) => {
  const base = {
    exportable: false,
    allow_plaintext_backup: false,
    deletion_allowed: false,
    latest_version: 1,
  }
  const versions = { min_encryption_version: 0, min_decryption_version: 1 }
  for (const [fields, reason] of [
    [{ type: 'rsa-2048', soft_deleted: true, keys: {} }, /is soft-deleted/],
    [{ type: 'external-key', keys: {} }, /is held outside \(external-key\)/],
    [{ type: 'managed_key', keys: {} }, /is held outside \(managed_key\)/],
  ] as const) {
    const read = async () => ({ data: { ...base, ...versions, ...fields } })
    const key = await new TransitKeys({ read } as unknown as VaultClient, 'transit').read('padlock-x')
    t.throws(() => checkSigningKey(key), { code: 'signing_key_missing', message: reason })
  }
})
