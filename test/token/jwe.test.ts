import { generateKeyPairSync } from 'node:crypto'
import { compactDecrypt, importSPKI } from 'jose'
import t from 'tap'
import { compactJwe } from '../../src/token/jwe.ts'

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const { publicKey, privateKey } = pair()
const recipientKey = await importSPKI(
  publicKey.export({ type: 'spki', format: 'pem' }) as string,
  'RSA-OAEP-256',
)

t.test(
  'the recipient gets back exactly the JWS, under exactly the header that the vendor asks for',
  async (t) => {
    const jwe = await compactJwe('a.b.c', recipientKey)
    const [header, ...parts] = jwe.split('.')
    t.equal(parts.length, 4)
    t.equal(
      Buffer.from(header as string, 'base64url').toString(),
      '{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"}',
    )
    const { plaintext } = await compactDecrypt(jwe, privateKey)
    t.equal(new TextDecoder().decode(plaintext), 'a.b.c')
  },
)

t.test('each token has a content key and an initialization vector of its own', async (t) => {
  const parts = await Promise.all(Array.from({ length: 20 }, () => compactJwe('a.b.c', recipientKey)))
  for (const index of [1, 2, 3]) {
    t.equal(new Set(parts.map((jwe) => jwe.split('.')[index])).size, 20)
  }
})

t.test('nobody else can read it, and a changed one cannot be read', async (t) => {
  const jwe = await compactJwe('a.b.c', recipientKey)
  await t.rejects(compactDecrypt(jwe, pair().privateKey))
  const parts = jwe.split('.')
  for (const index of [1, 2, 3, 4]) {
    const part = parts[index] as string
    const changed = parts.with(index, `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`)
    await t.rejects(compactDecrypt(changed.join('.'), privateKey), `part ${index}`)
  }
})
