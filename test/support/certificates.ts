import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestVault } from './vault.ts'

/** PEM files of a certificate and its key. */
export interface CertificateFiles {
  certFile: string
  keyFile: string
}

/** A private certificate authority. */
export interface TestAuthority {
  caFile: string
  /** the CA's own certificate */
  caPem: string
  /** Issues a certificate for an address, or for a name alone, into `<name>.pem` and `<name>-key.pem`. */
  issue(name: string, where?: { ip: string; ttl?: string }): Promise<CertificateFiles>
}

/** Makes a CA with Vault's own pki engine, at a mount of the given name; its files go to the Vault's folder. */
export async function testAuthority(vault: TestVault, name: string): Promise<TestAuthority> {
  await vault.api('POST', `sys/mounts/${name}`, { type: 'pki' })
  const root = await vault.api('POST', `${name}/root/generate/internal`, {
    common_name: `${name} root`,
    key_type: 'ec',
    key_bits: 256,
    ttl: '24h',
    not_before_duration: '2h',
  })
  await vault.api('POST', `${name}/roles/any`, {
    allow_any_name: true,
    key_type: 'ec',
    key_bits: 256,
    ttl: '1h',
    // So that a certificate of some seconds is one that has had most of its life.
    not_before_duration: '1h',
  })
  const caPem = root.body.data.certificate
  const caFile = join(vault.dir, `${name}.pem`)
  await writeFile(caFile, caPem)
  return {
    caFile,
    caPem,
    async issue(commonName, where) {
      const request = { common_name: commonName, ...(where && { ip_sans: where.ip, ttl: where.ttl }) }
      const { body } = await vault.api('POST', `${name}/issue/any`, request)
      const certFile = join(vault.dir, `${name}-${commonName}.pem`)
      const keyFile = join(vault.dir, `${name}-${commonName}-key.pem`)
      await writeFile(certFile, body.data.certificate)
      await writeFile(keyFile, body.data.private_key)
      return { certFile, keyFile }
    },
  }
}
