import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import type { VaultAddress } from '../../../src/vault/client/connector.ts'
import { testAuthority } from '../../support/certificates.ts'
import { serverVault } from '../../support/server-vault.ts'
import { testVault } from '../../support/vault.ts'

const pki = await testVault(t)
const authority = await testAuthority(pki, 'ca')
const stranger = await testAuthority(pki, 'stranger')
const { binary, dir } = pki
const server = await authority.issue('vault.test', { ip: '127.0.0.1' })
const vault = await serverVault(t, { binary, dir, tls: server })
const named = await serverVault(t, { binary, dir, tls: await authority.issue('elsewhere.test') })

const clientOf = (t: Test, where: Partial<VaultAddress>, log?: { warn(): void }) => {
  const client = createVaultClient({ address: vault.tlsAddress, ...where }, log)
  t.teardown(() => client.close())
  return client
}

t.test('trusts the private CA that it is given', async (t) => {
  const client = clientOf(t, { caFile: authority.caFile })
  t.match(await client.read('auth/token/lookup-self', { token: vault.rootToken }), {
    data: { policies: ['root'] },
  })
})

t.test('refuses a Vault that it cannot verify', async (t) => {
  const refused = (reason: RegExp) => ({ code: 'vault_unavailable', message: reason })
  await t.rejects(clientOf(t, {}).read('sys/health'), refused(/UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/))
  await t.rejects(
    clientOf(t, { caFile: stranger.caFile }).read('sys/health'),
    refused(/UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/),
  )
  const where = { address: named.tlsAddress, caFile: authority.caFile }
  await t.rejects(clientOf(t, where).read('sys/health'), refused(/ERR_TLS_CERT_ALTNAME_INVALID/))
  const withName = clientOf(t, { ...where, serverName: 'elsewhere.test' })
  t.match(await withName.read('sys/health'), { sealed: false }, 'the name in the certificate can be given')
})

t.test('takes up a CA file that was written again, and keeps the last good one', async (t) => {
  const caFile = join(dir, 'changing.pem')
  await writeFile(caFile, stranger.caPem)
  let warnings = 0
  const client = clientOf(t, { caFile }, { warn: () => (warnings += 1) })
  await t.rejects(client.read('sys/health'), { code: 'vault_unavailable' })
  await writeFile(caFile, authority.caPem)
  t.match(await client.read('sys/health'), { sealed: false })
  await writeFile(caFile, 'no certificate')
  client.reconnect()
  t.match(await client.read('sys/health'), { sealed: false })
  t.equal(warnings, 1)
  await writeFile(caFile, stranger.caPem)
  client.reconnect()
  await t.rejects(client.read('sys/health'), { code: 'vault_unavailable' }, 'a good file counts at once')
})

t.test('stops at start for files that cannot be used', async (t) => {
  const address = vault.tlsAddress
  const { certFile } = await authority.issue('client')
  const { keyFile } = await authority.issue('other')
  t.throws(() => createVaultClient({ address, caFile: join(dir, 'none.pem') }), { code: 'ENOENT' })
  t.throws(() => createVaultClient({ address, caFile: keyFile }), 'a CA file without a certificate')
  t.throws(() => createVaultClient({ address, certFile, keyFile }), 'a key that is not the certificate’s')
  t.match(await readFile(certFile, 'utf8'), 'BEGIN CERTIFICATE')
})
