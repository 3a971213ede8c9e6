import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runSetup } from '../../src/commands/setup/run.ts'
import { parseRecipientKey } from '../../src/keys/recipient-key.ts'
import { createVaultClient } from '../../src/vault/client/client.ts'
import { testVault } from '../support/vault.ts'

// A holder of the service's login, with what its policy allows: RS256 over a digest, by a version that is named.

const vault = await testVault(t)
const { api } = vault
const client = createVaultClient({ address: vault.address })
t.teardown(() => client.close())
const vectors = join(import.meta.dirname, '..', 'vectors')
await runSetup(client, vault.rootToken, {
  ...{ profile: 'default', issuer: 'https://shop.test', transitMount: 'transit', kvMount: 'secret' },
  recipientKey: parseRecipientKey(await readFile(join(vectors, 'iadvize-public-key.txt'))),
})
// A staged version, and keys of others in the same engine.
await api('POST', 'transit/keys/padlock-default/rotate', {})
for (const key of ['padlock-other', 'padlock-default2', 'other']) {
  await api('POST', `transit/keys/${key}`, { type: 'rsa-2048' })
}
await api('POST', 'transit/keys/padlock-default-blue', { type: 'aes256-gcm96' })
const login = await api('POST', 'auth/token/create', {
  policies: ['padlock-signer'],
  no_default_policy: true,
})
const token: string = login.body.auth.client_token
const { keys } = (await api('GET', 'transit/keys/padlock-default')).body.data

const message = 'header.payload'
const digest = createHash('sha256').update(message).digest('base64')
const path = 'transit/sign/padlock-default/sha2-256'
const common = { prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws' }
const batch = { batch_input: [{ input: digest, reference: 'a' }] }
const good = { ...common, key_version: '1', ...batch }
const without = (field: string) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))

/** A call: its name, its path, and its body as an object or as text. */
type Attack = [name: string, path: string, body: object | string]

async function call([, at, body]: Attack, method = 'POST') {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${vault.address}/v1/${at}`, {
    method,
    headers: { 'X-Vault-Token': token, 'content-type': 'application/json' },
    redirect: 'manual',
    ...(method === 'POST' && { body: text }),
  })
  const words = await answer.text()
  return { status: answer.status, words, signatures: [...words.matchAll(/vault:v(\d+):([\w+/=-]+)/g)] }
}

/** Makes the calls one by one: none gets anything signed, made, read or changed. */
async function refused(t: Test, attacks: Attack[], method = 'POST'): Promise<void> {
  for (const attack of attacks) {
    const { status, words, signatures } = await call(attack, method)
    const isRefusal = [400, 403, 404, 405, 500].includes(status)
    // A batch is answered with 200, and with an error in the place of each signature.
    const allFailed = status === 200 && /"error":"[^"]+"/.test(words)
    t.ok(
      signatures.length === 0 && (isRefusal || allFailed),
      `${attack[0]}: ${status} ${words.slice(0, 120)}`,
    )
  }
  t.comment(`${attacks.length} inputs`)
}

t.test('what the service sends is signed, and a staged version that is named too', async (t) => {
  for (const version of [1, 2]) {
    const { status, signatures } = await call(['', path, { ...good, key_version: String(version) }])
    t.equal(status, 200)
    const [, made, signature] = signatures[0] as RegExpMatchArray
    t.equal(Number(made), version)
    const publicKey = createPublicKey(keys[version].public_key)
    t.ok(verify('RSA-SHA256', Buffer.from(message), publicKey, Buffer.from(signature as string, 'base64url')))
  }
})

t.test('every other hash, and none', async (t) => {
  const key = 'transit/sign/padlock-default'
  const hashes = [
    ...['none', 'sha1', 'sha2-224', 'sha2-384', 'sha2-512', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'],
    ...[
      'SHA2-256',
      'sha256',
      'sha2-2560',
      'xsha2-256',
      'NONE',
      'sha2-256/none',
      'none/sha2-256',
      'sha2-256%2Fnone',
    ],
    ...[
      'sha2-256/../none',
      'sha2-256%2F..%2Fnone',
      '..%2Fpadlock-default%2Fnone',
      'sha2-256%00',
      'sha2-256%20',
      '*',
      '+',
    ],
    ...['none?hash_algorithm=sha2-256', 'sha1#sha2-256', 'sha2-256;none', 'sha2-256.'],
  ]
  await refused(t, [
    ...hashes.map((hash): Attack => [hash, `${key}/${hash}`, good]),
    ['no hash in the path', key, good],
    ['no hash in the path, one in the body', key, { ...good, hash_algorithm: 'sha2-256' }],
    [
      'none, with a raw PKCS #1 block',
      `${key}/none`,
      { ...good, batch_input: [{ input: Buffer.alloc(64, 1).toString('base64') }] },
    ],
    ['hash_algorithm none', path, { ...good, hash_algorithm: 'none' }],
    ['hash_algorithm sha2-256', path, { ...good, hash_algorithm: 'sha2-256' }],
    ['hash_algorithm sha1', path, { ...good, hash_algorithm: 'sha1' }],
    ['algorithm sha2-512', path, { ...good, algorithm: 'sha2-512' }],
    ['urlalgorithm none', path, { ...good, urlalgorithm: 'none' }],
    ['20 bytes', path, { ...good, batch_input: [{ input: Buffer.alloc(20).toString('base64') }] }],
    ['64 bytes', path, { ...good, batch_input: [{ input: Buffer.alloc(64).toString('base64') }] }],
    ['no bytes', path, { ...good, batch_input: [{ input: '' }] }],
  ])
})

t.test('version 0 and the newest version, in all spellings, one by one and in a batch', async (t) => {
  const spellings = [
    ...[
      '0',
      '-0',
      '0.0',
      '0e1',
      '-0.0',
      'null',
      'false',
      'true',
      '1',
      '2',
      '1.0',
      '1e0',
      '01',
      '-1',
      '0.5',
      '1e-9',
    ],
    ...[
      '18446744073709551616',
      '18446744073709551617',
      '4294967296',
      '[]',
      '{}',
      '[0]',
      '["0"]',
      '["1"]',
      '[1]',
      '[[]]',
    ],
    ...[
      '"0"',
      '"00"',
      '"-0"',
      '"+0"',
      '"0x0"',
      '"0X0"',
      '"0b0"',
      '"0o0"',
      '"0_0"',
      '"000000000000000000000"',
      '"0.0"',
    ],
    ...[
      '""',
      '" "',
      '"\\n"',
      '"\\t"',
      '"\\u0000"',
      '" 1"',
      '"1 "',
      '"\\t1"',
      '"1\\n"',
      '"+1"',
      '"-1"',
      '"01"',
      '"0x1"',
    ],
    ...[
      '"1e1"',
      '"1e0"',
      '"1.0"',
      '"1.5"',
      '"1x"',
      '"1,0"',
      '"1*"',
      '"*"',
      '"9e"',
      '"1e-1"',
      '"1\\u0000"',
      '"１"',
      '"٠"',
    ],
    ...[
      '"latest"',
      '"null"',
      '"false"',
      '"NaN"',
      '"18446744073709551616"',
      '"18446744073709551617"',
      '"9223372036854775808"',
    ],
    ...['"99"', '"4294967296"', '"4294967297"', '"1_0"', '"1__"', '{"1":0}'],
  ]
  const head = JSON.stringify(common).slice(0, -1)
  const forms = [
    ['batch', `"batch_input":[{"input":"${digest}"}]`],
    ['one', `"input":"${digest}"`],
  ]
  await refused(
    t,
    forms.flatMap(([form, input]) => [
      ...spellings.map(
        (value): Attack => [`${form} ${value}`, path, `${head},"key_version":${value},${input}}`],
      ),
      [`${form}, none`, path, `${head},${input}}`] as Attack,
      [`${form}, in capitals`, path, `${head},"KEY_VERSION":"1",${input}}`] as Attack,
      [`${form}, in the query`, `${path}?key_version=1`, `${head},${input}}`] as Attack,
      [
        `${form}, in the query, and 0`,
        `${path}?key_version=1`,
        `${head},"key_version":0,${input}}`,
      ] as Attack,
      [`${form}, twice, 0 last`, path, `${head},"key_version":"1","key_version":0,${input}}`] as Attack,
      [`${form}, and 0 in capitals`, path, `${head},"key_version":"1","Key_Version":0,${input}}`] as Attack,
    ]),
  )
})

t.test("other teams' keys", async (t) => {
  const names = [
    ...[
      'padlock-other',
      'padlock-default2',
      'other',
      'padlock-none',
      'PADLOCK-DEFAULT',
      'padlock-*',
      'padlock-+',
      '+',
      '*',
    ],
    ...[
      'padlock-default/../padlock-other',
      'padlock-default%2F..%2Fpadlock-other',
      'padlock-default%2f%2e%2e%2fother',
      '%6fther',
    ],
  ]
  await refused(t, [
    ...names.map((name): Attack => [name, `transit/sign/${name}/sha2-256`, good]),
    ['name in the body', path, { ...good, name: 'padlock-other' }],
    ['another mount', 'transit2/sign/padlock-default/sha2-256', good],
  ])
})

t.test('PSS, other marshaling, bytes that Vault hashes, and what else the call may hold', async (t) => {
  await refused(t, [
    ...['pss', 'PKCS1V15', 'pkcs1v15 ', '', null, 0, false, ['pss'], ['pkcs1v15', 'pss'], {}].map(
      (value): Attack => [
        `signature_algorithm ${JSON.stringify(value)}`,
        path,
        { ...good, signature_algorithm: value },
      ],
    ),
    ...['asn1', 'JWS', '', null, 0, ['asn1'], {}].map(
      (value): Attack => [
        `marshaling_algorithm ${JSON.stringify(value)}`,
        path,
        { ...good, marshaling_algorithm: value },
      ],
    ),
    ...[false, 'false', 'true', 0, 1, '1', '', null, [true], [false], {}].map(
      (value): Attack => [`prehashed ${JSON.stringify(value)}`, path, { ...good, prehashed: value }],
    ),
    ...['signature_algorithm', 'prehashed', 'marshaling_algorithm', 'key_version', 'batch_input'].map(
      (field): Attack => [`without ${field}`, path, without(field)],
    ),
    ...['Signature_Algorithm', 'PREHASHED', 'Marshaling_Algorithm'].map(
      (field): Attack => [`and ${field}`, path, { ...good, [field]: 'pss' }],
    ),
    ['salt_length', path, { ...good, salt_length: 'auto' }],
    ['context', path, { ...good, context: 'AAAA' }],
    ['signature_context', path, { ...good, signature_context: 'AAAA' }],
    ['an unknown field', path, { ...good, x: 1 }],
    ['PSS last', path, `${JSON.stringify(good).slice(0, -1)},"signature_algorithm":"pss"}`],
    ['a batch that is an object', path, { ...good, batch_input: { input: digest } }],
    ['a batch that is text', path, { ...good, batch_input: '[]' }],
    ['a batch of nothing', path, { ...good, batch_input: [] }],
    ['no JSON', path, 'x'],
    ['an array', path, '[]'],
  ])
})

t.test('what an item of a batch says of itself changes nothing', async (t) => {
  const reference = (await call(['', path, good])).signatures[0]?.[0] as string
  const items: [string, object][] = [
    ...[0, 2, '0', '2', '', null, false].map((value): [string, object] => [
      `key_version ${JSON.stringify(value)}`,
      { key_version: value },
    ]),
    ...['none', 'sha1', 'sha2-512'].map((value): [string, object] => [
      `hash_algorithm ${value}`,
      { hash_algorithm: value },
    ]),
    ['algorithm', { algorithm: 'none' }],
    ['signature_algorithm', { signature_algorithm: 'pss' }],
    ['marshaling_algorithm', { marshaling_algorithm: 'asn1' }],
    ['prehashed', { prehashed: 'false' }],
    ['name', { name: 'padlock-other' }],
    ['salt_length', { salt_length: 'auto' }],
    ['Key_Version', { Key_Version: '2' }],
    ['KEY_VERSION and INPUT', { KEY_VERSION: '2', reference: 'x' }],
  ]
  for (const [name, fields] of items) {
    const body = { ...good, batch_input: [{ input: digest, ...fields }, { input: digest }] }
    const { signatures } = await call([name, path, body])
    t.ok(
      signatures.every(([signature]) => signature === reference),
      `${name}: ${signatures.length} signatures, each the same`,
    )
    const asQuery = Object.entries(fields).map(([field, value]) => `${field}=${String(value)}`)
    const queried = await call([name, `${path}?${asQuery.join('&')}`, good])
    t.ok(
      queried.signatures.every(([signature]) => signature === reference),
      `${name}, in the query`,
    )
  }
  t.comment(`${items.length * 2} inputs`)
})

t.test('no other use of the key, and no other right', async (t) => {
  const key = 'padlock-default'
  await refused(t, [
    ['hmac', `transit/hmac/${key}`, { input: digest, key_version: '1' }],
    ['hmac with its hash', `transit/hmac/${key}/sha2-256`, good],
    ['encrypt', `transit/encrypt/${key}`, { plaintext: 'AAAA', key_version: '1' }],
    ['decrypt', `transit/decrypt/${key}`, { ciphertext: 'vault:v1:AAAA' }],
    ['rewrap', `transit/rewrap/${key}`, { ciphertext: 'vault:v1:AAAA' }],
    ['a data key', `transit/datakey/plaintext/${key}`, {}],
    ['verify', `transit/verify/${key}/sha2-256`, { ...good, signature: 'vault:v1:AAAA' }],
    ['rotate', `transit/keys/${key}/rotate`, {}],
    ['config', `transit/keys/${key}/config`, { exportable: true }],
    ['trim', `transit/keys/${key}/trim`, { min_available_version: 1 }],
    ['csr', `transit/keys/${key}/csr`, {}],
    ['import of a version', `transit/keys/${key}/import_version`, { ciphertext: 'AAAA' }],
    ['soft-delete', `transit/keys/${key}/soft-delete`, {}],
    ['a new key', 'transit/keys/padlock-mine', { type: 'rsa-2048' }],
    ['restore', 'transit/restore/padlock-mine', { backup: 'AAAA' }],
    ['its own policy', 'sys/policies/acl/padlock-signer', { policy: 'path "*" { capabilities = ["sudo"] }' }],
    [
      'its own policy, the old way',
      'sys/policy/padlock-signer',
      { policy: 'path "*" { capabilities = ["sudo"] }' },
    ],
    ['a child token', 'auth/token/create', { policies: ['padlock-signer'] }],
    ['a profile', 'secret/data/padlock/profiles/mine', { data: {} }],
  ])
  const reads = [
    ...[
      'export/signing-key',
      'export/encryption-key',
      'export/hmac-key',
      'export/public-key',
      'backup',
      'byok-export/other',
    ],
  ].flatMap((kind) => [`transit/${kind}/${key}`, `transit/${kind}/${key}/1`])
  await refused(
    t,
    [...reads, `transit/sign/${key}/sha2-256`, 'sys/policies/acl/padlock-signer', 'transit/keys/other'].map(
      (at): Attack => [at, at, {}],
    ),
    'GET',
  )
})
