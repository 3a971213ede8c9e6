import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { TlsListener } from '../../src/http/tls/tls-listener.ts'
import { createVaultClient } from '../../src/vault/client/client.ts'
import { httpsRequest } from '../support/https.ts'
import { certificateMaker } from '../support/made-certificates.ts'
import { startService, testBackend } from '../support/service.ts'

/*
 * Files that TLS is made of, as they are while someone writes them, mixes them up or forgets them: none replaces good
 * ones, and none is `ok`.
 */

const { dir, make } = await certificateMaker(t)
const ca = await make('clients', { ca: true })
const newCa = await make('new-clients', { ca: true })
const endedCa = await make('ended-clients', { ca: true, from: -60, until: -30 })
const earlyCa = await make('early-clients', { ca: true, from: 1, until: 60 })
const client = await make('client', { by: ca })
const root = await make('root', { ca: true })
const middle = await make('middle', { ca: true, by: root })
const server = await make('server', { by: middle })
const renewed = await make('renewed', { by: middle })
const ended = await make('ended', { by: middle, from: -60, until: -30 })
const early = await make('early', { by: middle, from: 1, until: 60 })
const selfSigned = await make('self-signed')

const cutInBlock = (pem: string) => pem.slice(0, pem.length - 60)
const withoutBegin = (pem: string) => pem.split('\n').slice(1).join('\n')
const damaged = (pem: string) => pem.replace(/^M.{30}/m, `M${'A'.repeat(30)}`)

/** What a file of CAs may hold and must not: neither at start nor after. */
const badCas: [what: string, pem: string][] = [
  ['nothing', ''],
  ['a line end alone', '\n'],
  ['words', 'no certificate\n'],
  ['a leaf in place of the CA', client.cert],
  ['a leaf behind the CA', ca.cert + client.cert],
  ['a leaf before the CA', client.cert + ca.cert],
  ['a self-signed leaf', selfSigned.cert],
  ['a second CA cut in its block', ca.cert + cutInBlock(newCa.cert)],
  ['a second CA cut in its last line', `${ca.cert}${newCa.cert.trimEnd().slice(0, -3)}`],
  ['a second CA cut in its first line', `${ca.cert}-----BEGIN CERTIF`],
  ['a second CA of which only dashes came', `${ca.cert}---`],
  ['a second CA without its first line', ca.cert + withoutBegin(newCa.cert)],
  ['a second CA of which only base64 came', `${ca.cert}${newCa.cert.split('\n').slice(1, 4).join('\n')}`],
  ['one CA that was cut', cutInBlock(ca.cert)],
  ['a CA whose bytes are damaged', damaged(ca.cert)],
  ['a good CA and a damaged one', ca.cert + damaged(newCa.cert)],
  ['a private key alone', ca.key],
  ['a private key beside the CA', ca.cert + ca.key],
  ['a block of another kind', `${ca.cert}-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n`],
  ['BEGIN and END of two kinds', ca.cert.replace('END CERTIFICATE', 'END X509 CRL')],
  ['UTF-16', Buffer.from(`\ufeff${ca.cert}`, 'utf16le').toString('latin1')],
]
const badTimes: [what: string, pem: string][] = [
  ['a CA that has ended', endedCa.cert],
  ['a CA that is not valid yet', earlyCa.cert],
  ['two of which one has ended and one is not valid yet', endedCa.cert + earlyCa.cert],
]
const goodCas: [what: string, pem: string][] = [
  ['the CA', ca.cert],
  ['two CAs', newCa.cert + ca.cert],
  ['the CA beside one that has ended', endedCa.cert + ca.cert],
  ['the CA beside one that is not valid yet', ca.cert + earlyCa.cert],
  ['text around it', `# Clients\nsubject=CN = clients\n${ca.cert}\n# end\n`],
  ['Windows line ends', ca.cert.replaceAll('\n', '\r\n')],
]
/** The server's certificate and key. */
const badPairs: [what: string, cert: string, key: string][] = [
  ['nothing', '', ''],
  ['the new certificate with the old key', renewed.cert + middle.cert, server.key],
  ['the old certificate with the new key', server.cert + middle.cert, renewed.key],
  ['the chain in the wrong order', middle.cert + server.cert, server.key],
  ['the intermediate behind the root', server.cert + root.cert + middle.cert, server.key],
  ['an intermediate of another CA', server.cert + ca.cert, server.key],
  ['an intermediate that was cut', server.cert + cutInBlock(middle.cert), server.key],
  ['a certificate that was cut', cutInBlock(server.cert), server.key],
  ['a key that was cut', server.cert, cutInBlock(server.key)],
  ['an empty key', server.cert, ''],
  ['the files swapped', server.key, server.cert],
]
const badServerTimes: [what: string, cert: string, key: string][] = [
  ['one that has ended', ended.cert + middle.cert, ended.key],
  ['one that is not valid yet', early.cert + middle.cert, early.key],
]

const silent = { info() {}, warn() {}, error() {}, debug() {} } as never
const files = {
  certFile: join(dir, 'listen.pem'),
  keyFile: join(dir, 'listen-key.pem'),
  clientCaFile: join(dir, 'listen-ca.pem'),
}
async function put({ cert = server.cert + middle.cert, key = server.key, cas = ca.cert }) {
  await writeFile(files.certFile, cert, 'latin1')
  await writeFile(files.keyFile, key)
  await writeFile(files.clientCaFile, cas, 'latin1')
}

t.test('at start, files that cannot be used are refused by the name of the variable', async (t) => {
  for (const [what, cas] of badCas) {
    await put({ cas })
    t.throws(
      () => new TlsListener(files, silent),
      { name: 'TlsFileError', message: /^PADLOCK_TLS_CLIENT_CA_FILE / },
      what,
    )
  }
  for (const [what, cert, key] of badPairs) {
    await put({ cert, key })
    t.throws(
      () => new TlsListener(files, silent),
      { name: 'TlsFileError', message: /PADLOCK_TLS_(CERT|KEY)_FILE/ },
      what,
    )
  }
})

t.test('at start, certificates outside their time are degraded, and the renewal is taken up', async (t) => {
  const faults = [
    ...badTimes.map(([what, cas]) => ({ what, put: { cas } })),
    ...badServerTimes.map(([what, cert, key]) => ({ what, put: { cert, key } })),
  ]
  for (const { what, put: given } of faults) {
    await put(given)
    const errors: unknown[] = []
    const listener = new TlsListener(files, { error: (fields: unknown) => errors.push(fields) } as never)
    t.match(listener.state(), { status: 'degraded', problem: /PADLOCK_TLS_/ }, what)
    t.equal(errors.length, 1, `${what}: one line in the log`)
  }
  for (const [what, cas] of goodCas) {
    await put({ cas })
    const { status, problem } = new TlsListener(files, silent).state()
    t.equal(problem, undefined, what)
    // A day is the life of these: all of it is left but half.
    t.equal(status, 'ok', what)
  }
})

t.test('the CA of Vault: the same, and a self-signed server may stand in its place', async (t) => {
  const caFile = join(dir, 'vault-ca.pem')
  const where = { address: 'https://127.0.0.1:1', caFile }
  for (const [what, cas] of badCas.filter(([what]) => what !== 'a self-signed leaf')) {
    await writeFile(caFile, cas, 'latin1')
    t.throws(() => createVaultClient(where), { name: 'TlsFileError', message: /^VAULT_CACERT / }, what)
  }
  for (const [what, cas] of [...goodCas, ['a self-signed server', selfSigned.cert] as const]) {
    await writeFile(caFile, cas)
    await createVaultClient(where).close()
    t.pass(what)
  }
  for (const [what, cert, key] of badPairs) {
    await put({ cert, key })
    const pair = { certFile: files.certFile, keyFile: files.keyFile }
    t.throws(
      () => createVaultClient({ address: where.address, ...pair }),
      { name: 'TlsFileError', message: /VAULT_CLIENT_(CERT|KEY) / },
      what,
    )
  }
})

t.test('while it runs, nothing bad replaces what is good, and what is good is taken up after', async (t) => {
  const faults = [
    ...[...badCas, ...badTimes].map(([what, cas]) => ({ what, put: { cas } })),
    ...[...badPairs, ...badServerTimes].map(([what, cert, key]) => ({ what, put: { cert, key } })),
  ]
  await put({})
  const listener = new TlsListener(files, silent)
  const good = listener.options(1_000)
  for (const { what, put: given } of faults) {
    await put(given)
    listener.look()
    t.match(listener.state(), { status: 'degraded', problem: /PADLOCK_TLS_/ }, what)
    const { cert, key, ca: cas } = listener.options(1_000)
    t.strictSame([cert, key, cas], [good.cert, good.key, good.ca], `${what}: the good ones stay`)
  }
  for (const [what, cas] of goodCas) {
    await put({ cas })
    listener.look()
    t.equal(listener.state().problem, undefined, what)
    t.equal(listener.options(1_000).ca, cas, what)
  }
})

t.test('a running Padlock lets its clients in, whatever becomes of the files', async (t) => {
  await put({})
  const backend = await testBackend(t)
  const identity = { ca: root.cert, cert: client.cert, key: client.key }
  const service = await startService(
    t,
    backend,
    {
      PADLOCK_TLS_CERT_FILE: files.certFile,
      PADLOCK_TLS_KEY_FILE: files.keyFile,
      PADLOCK_TLS_CLIENT_CA_FILE: files.clientCaFile,
    },
    identity,
  )
  const tls = async () =>
    JSON.parse((await httpsRequest(`${service.url}/health/ready`, identity)).body).components.tls
  t.match(await tls(), { status: 'ok' })
  const seen = async (problem: RegExp) => {
    while (!problem.test((await tls()).problem ?? 'none')) {
      await sleep(100)
    }
  }
  for (const [problem, cas] of [
    [/no CA that is good now/, endedCa.cert],
    [/is no CA/, client.cert],
    [/was cut/, ca.cert + cutInBlock(newCa.cert)],
  ] as const) {
    await put({ cas })
    await seen(problem)
    t.match(await tls(), { status: 'degraded' })
  }
  await put({ cert: renewed.cert + middle.cert, key: renewed.key, cas: newCa.cert + ca.cert })
  await seen(/none/)
  const { certificate } = await httpsRequest(`${service.url}/health/live`, identity)
  t.match(certificate.subject, { CN: 'renewed' })
})
