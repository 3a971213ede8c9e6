import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)
const dayMs = 86_400_000

/** A certificate with its private key, as files and as PEM. */
export interface MadeCertificate {
  certFile: string
  keyFile: string
  cert: string
  key: string
}

export interface CertificateWishes {
  ca?: boolean
  /** who signs it; itself without one */
  by?: MadeCertificate
  /** days from now; -1 and 1 without them */
  from?: number
  until?: number
}

export interface CertificateMaker {
  dir: string
  /** Makes a certificate for 127.0.0.1 and localhost. */
  make(name: string, wishes?: CertificateWishes): Promise<MadeCertificate>
}

const config = (dir: string) => `[ca]
default_ca = own
[own]
database = ${dir}/index
new_certs_dir = ${dir}
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
`

const time = (days: number) => new Date(Date.now() + days * dayMs).toISOString().replace(/[-:T]|\.\d+/g, '')

/** Certificates by the `openssl` command, of any time and kind: Vault's pki engine makes none that is not valid yet. */
export async function certificateMaker(t: Pick<Test, 'teardown'>): Promise<CertificateMaker> {
  const dir = await mkdtemp(join(tmpdir(), 'padlock-certificates-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  await writeFile(join(dir, 'index'), '')
  await writeFile(join(dir, 'openssl.cnf'), config(dir))
  const openssl = (...words: string[]) => run('openssl', words, { cwd: dir })
  return {
    dir,
    async make(name, { ca = false, by, from = -1, until = 1 } = {}) {
      const file = (end: string) => join(dir, `${name}${end}`)
      await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('-key.pem'))
      await openssl('req', '-new', '-key', file('-key.pem'), '-subj', `/CN=${name}`, '-out', file('.csr'))
      await writeFile(
        file('.ext'),
        ca
          ? 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n'
          : 'basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n',
      )
      const signer = by
        ? ['-cert', by.certFile, '-keyfile', by.keyFile]
        : ['-selfsign', '-keyfile', file('-key.pem')]
      await openssl(
        ...['ca', '-batch', '-notext', '-config', 'openssl.cnf', ...signer, '-extfile', file('.ext')],
        ...['-startdate', time(from), '-enddate', time(until), '-in', file('.csr'), '-out', file('.pem')],
      )
      const [cert, key] = await Promise.all([
        readFile(file('.pem'), 'utf8'),
        readFile(file('-key.pem'), 'utf8'),
      ])
      return { certFile: file('.pem'), keyFile: file('-key.pem'), cert, key }
    },
  }
}
