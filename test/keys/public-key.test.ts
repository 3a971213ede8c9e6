import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { fileCallerKeys } from '../../src/http/callers/caller-keys.ts'
import { PublicKeyError, readPublicKey } from '../../src/keys/public-key.ts'
import { parseRecipientKey } from '../../src/keys/recipient-key.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const der = publicKey.export({ type: 'spki', format: 'der' })
const base64 = der.toString('base64')
const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }))
const certificate = readFileSync(
  join(import.meta.dirname, '..', 'vectors', 'recipient-certificate.pem'),
  'utf8',
)
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()

/** One key as it comes out of mails, consoles, settings files, databases and secrets. */
const forms: Readonly<Record<string, string | Uint8Array>> = {
  PEM: pem,
  'PEM of PKCS #1': pkcs1,
  'PKCS #1 DER': publicKey.export({ type: 'pkcs1', format: 'der' }),
  'PKCS #1 as base64': publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
  DER: der,
  'bare base64': base64,
  'base64url, without padding': der.toString('base64url'),
  'base64 in lines of 76': base64.replace(/(.{76})/g, '$1\r\n'),
  JWK: jwk,
  'JWK Set of one': `{"keys":[${jwk}]}`,
  'line ends of Windows': pem.replaceAll('\n', '\r\n'),
  'line ends of old Macs': pem.replaceAll('\n', '\r'),
  'no line ends': pem.replaceAll('\n', ''),
  'spaces for line ends': pem.replaceAll('\n', ' '),
  'literal \\n': pem.replaceAll('\n', '\\n'),
  'literal \\r\\n': pem.replaceAll('\n', '\\r\\n'),
  'literal \\\\n, escaped twice': pem.replaceAll('\n', '\\\\n'),
  'a JSON string': JSON.stringify(pem),
  "PHP's JSON string": JSON.stringify(pem).replaceAll('/', '\\/'),
  'a JWK in a JSON string': JSON.stringify(jwk),
  'double quotes': `"${pem.trim()}"`,
  'single quotes': `'${pem}'`,
  'quotes round base64': `"${base64}"`,
  'quotes of a word processor': `“${base64}”`,
  indented: pem.replaceAll(/^/gm, '      '),
  'indented by tabs': pem.replaceAll(/^/gm, '\t'),
  'a YAML block': `key: |\n${pem.replaceAll(/^/gm, '  ')}`,
  'a line of a .env file': `KEY="${pem.trim().replaceAll('\n', '\\n')}"\n`,
  'long dashes of a mail program': pem.replaceAll('-----', '—–-'),
  'a byte-order mark': `\uFEFF${pem}`,
  'zero-width characters': base64.replace(/(.{40})/, '$1\u200b'),
  'no-break spaces': pem.replaceAll('\n', '\u00a0\n'),
  'UTF-16, little-endian, with a mark': Buffer.from(`\uFEFF${pem}`, 'utf16le'),
  'UTF-16, little-endian, without': Buffer.from(pem, 'utf16le'),
  'UTF-16, big-endian, with a mark': utf16be(`\uFEFF${base64}`),
  'UTF-16, big-endian, without': utf16be(base64),
  'text around it': `Dear all,\n\nhere is our key:\n\n${pem}\nRegards\n`,
  'base64 of a PEM': Buffer.from(pem).toString('base64'),
  'base64 of a JWK': Buffer.from(jwk).toString('base64'),
}

t.test('one key, in every form that people hand over, for the recipient and for callers', async (t) => {
  const file = join(t.testdir(), 'key')
  const expected = parseRecipientKey(pem)
  for (const [form, input] of Object.entries(forms)) {
    t.same(parseRecipientKey(input), expected, form)
    if (typeof input === 'string') {
      t.same(parseRecipientKey(Buffer.from(input)), expected, `${form}, in a file`)
    }
    await writeFile(file, input)
    t.equal(await (await fileCallerKeys(file)).find(undefined, 'RS256'), pem, `callers: ${form}`)
  }
})

t.test('callers may have keys of other types, in the same forms', async (t) => {
  const file = join(t.testdir(), 'key')
  const pairs: [KeyObject, 'ES256' | 'EdDSA'][] = [
    [generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, 'ES256'],
    [generateKeyPairSync('ed25519').publicKey, 'EdDSA'],
  ]
  for (const [key, alg] of pairs) {
    const spki = key.export({ type: 'spki', format: 'pem' }).toString()
    const asJwk = JSON.stringify(key.export({ format: 'jwk' }))
    for (const input of [
      spki,
      spki.replaceAll('\n', '\\n'),
      asJwk,
      key.export({ type: 'spki', format: 'der' }),
    ]) {
      await writeFile(file, input)
      t.equal(await (await fileCallerKeys(file)).find('any', alg), spki)
    }
  }
  await writeFile(file, certificate)
  t.match(await (await fileCallerKeys(file)).find(undefined, 'RS256'), /BEGIN PUBLIC KEY/, 'a certificate')
  const publicJwk = publicKey.export({ format: 'jwk' })
  await writeFile(file, JSON.stringify({ ...publicJwk, alg: 'RS512', use: 'sig' }))
  t.equal(
    await (await fileCallerKeys(file)).find(undefined, 'RS256'),
    undefined,
    'for the algorithm that it names',
  )
  for (const member of [{ use: 'enc' }, { key_ops: ['encrypt'] }]) {
    await writeFile(file, JSON.stringify({ ...publicJwk, ...member }))
    await t.rejects(fileCallerKeys(file), { message: /`use` or `key_ops`/ })
  }
})

t.test('a private key is known in every form, and nothing of it is repeated', async (t) => {
  const file = join(t.testdir(), 'key')
  for (const input of [
    ...[
      pkcs8,
      pkcs8.replaceAll('\n', '\\n'),
      `"${pkcs8}"`,
      pkcs8.replaceAll('-----', '—–-'),
      Buffer.from(pkcs8, 'utf16le'),
    ],
    ...[
      utf16be(pkcs8),
      Buffer.from(pkcs8).toString('base64'),
      JSON.stringify(pkcs8),
      pem + pkcs8,
      pkcs8.replaceAll('PRIVATE', 'PUBLIC'),
    ],
    ...[
      JSON.stringify({ keys: [publicKey.export({ format: 'jwk' }), privateKey.export({ format: 'jwk' })] }),
    ],
  ]) {
    await writeFile(file, input)
    t.throws(() => readPublicKey(input), { name: 'PublicKeyError', fault: 'private_key' })
    const error = (await fileCallerKeys(file).catch((thrown: Error) => thrown)) as Error
    t.match(error.message, /^a private key/)
    t.notOk(error.message.includes(pkcs8.slice(40, 60)))
  }
})

t.test('what is cut, padded with other bytes, or several keys is no key', async (t) => {
  const cut = (text: string, from: number) => text.slice(0, from) + text.slice(from + 4)
  for (const input of [
    ...[
      pem.slice(0, -30),
      pem.slice(30),
      cut(pem, 100),
      cut(base64, 100),
      base64.slice(0, -8),
      `${base64}AAAA`,
    ],
    ...[
      Buffer.concat([der, Buffer.alloc(1)]),
      der.subarray(0, -1),
      '',
      '\\n',
      '""',
      '{',
      '"{"',
      'ssh-rsa AAAAB3Nza',
    ],
    pem.replace('END PUBLIC', 'END RSA PUBLIC'),
  ]) {
    t.throws(
      () => readPublicKey(input),
      { name: 'PublicKeyError', fault: 'not_a_key' },
      String(input).slice(0, 30),
    )
  }
  for (const input of [pem + pem, certificate + certificate, `{"keys":[${jwk},${jwk}]}`, pem + certificate]) {
    t.throws(() => readPublicKey(input), { name: 'PublicKeyError', fault: 'several_keys' })
  }
  t.ok(new PublicKeyError('not_a_key') instanceof Error)
})
