import { createPublicKey } from 'node:crypto'
import { compactDecrypt, compactVerify, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { testService } from '../../support/service.ts'

t.test(
  'a token over HTTP is decrypted by the recipient and verifies against the key that Vault publishes',
  async (t) => {
    const service = await testService(t)
    const visitorData = { firstName: 'Zoé', city: '', address: '1 rue X\n44000 Nantes' }
    const before = Math.floor(Date.now() / 1000)
    const response = await service.issue({ userId: 'u-1', visitorData })
    t.equal(response.status, 200)
    t.equal(response.headers.get('cache-control'), 'no-store')
    const issued = (await response.json()) as Record<string, string> & {
      expiresIn: number
      keyVersion: number
    }
    t.strictSame(Object.keys(issued).sort(), [
      'auditId',
      'expiresAt',
      'expiresIn',
      'issuedAt',
      'keyVersion',
      'token',
    ])
    t.equal(issued.expiresIn, 60)
    t.equal(issued.keyVersion, 1)

    t.strictSame(decodeProtectedHeader(issued.token as string), {
      alg: 'RSA-OAEP-256',
      enc: 'A256GCM',
      cty: 'JWT',
    })
    const { plaintext } = await compactDecrypt(issued.token as string, service.recipientKey)
    const jws = new TextDecoder().decode(plaintext)
    const key = await service.vault.api('GET', 'transit/keys/padlock-default')
    const verified = await compactVerify(jws, createPublicKey(key.body.data.keys['1'].public_key))
    t.strictSame(verified.protectedHeader, { alg: 'RS256' })
    const claims = JSON.parse(new TextDecoder().decode(verified.payload))
    t.strictSame(Object.keys(claims).sort(), [
      'exp',
      'https://iadvize.com/userId',
      'https://iadvize.com/visitorData',
      'iss',
    ])
    t.equal(claims['https://iadvize.com/userId'], 'u-1')
    t.strictSame(claims['https://iadvize.com/visitorData'], {
      firstName: 'Zoé',
      address: '1 rue X\n44000 Nantes',
    })
    t.equal(claims.iss, 'https://shop.test')
    t.ok(claims.exp >= before + 60 && claims.exp <= before + 65)
    t.equal(Date.parse(issued.expiresAt as string) / 1000, claims.exp)
    t.equal(Date.parse(issued.issuedAt as string) / 1000, claims.exp - 60)
    t.equal(
      issued.auditId,
      (await import('node:crypto'))
        .createHash('sha256')
        .update(jws.slice(0, jws.lastIndexOf('.')))
        .digest('base64url'),
    )
  },
)
