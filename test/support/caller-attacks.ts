import { audience, issuer } from './callers.ts'
import { but, claims, ec, ed, good, header, jwkOf, now, other, rsa, signed } from './forged-callers.ts'
import {
  ecSigned,
  edSigned,
  type ForgedSignature,
  forgeJwt,
  hmacSigned,
  pssSigned,
  rsaSigned,
  unsigned,
} from './forged-jwt.ts'

const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
const secrets: Record<string, string | Buffer> = {
  'the public PEM': publicPem,
  'the public PEM without its last line feed': publicPem.trimEnd(),
  'the DER of the public key': rsa.publicKey.export({ type: 'spki', format: 'der' }),
  'the JWK': JSON.stringify(jwkOf(rsa.publicKey, 'rsa')),
  nothing: '',
}
const later = 3_600
const otherSpki = other.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
const kids = [
  'unknown',
  '../../../../etc/passwd',
  "' OR '1'='1",
  'rsa\0',
  'RSA',
  '__proto__',
  'constructor',
  'toString',
]

/**
 * Callers' tokens that are not good, each as the value of the Authorization header.
 *
 * @param bait address of a key set that some of them name; nobody may ever ask for it
 */
export const attacks = (bait: string): Record<string, string> => ({
  'no value': '',
  'no token': 'Bearer',
  'a blank token': 'Bearer  ',
  'a password': `Basic ${Buffer.from('shop:secret').toString('base64')}`,
  'another scheme': `Digest ${good()}`,
  'no scheme': good(),
  'two tokens': `Bearer ${good()} ${good()}`,
  'two tokens with a comma': `Bearer ${good()}, Bearer ${good()}`,
  'one part': 'Bearer abc',
  'two parts': `Bearer ${good().split('.').slice(0, 2).join('.')}`,
  'four parts': `Bearer ${good()}.AAAA`,
  'five parts (a JWE)': `Bearer ${good()}.AAAA.AAAA`,
  padding: `Bearer ${good()}==`,
  'a signature with bits behind its last byte': `Bearer ${good().replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))}`,
  'standard base64': `Bearer ${good().replaceAll('_', '/').replaceAll('-', '+')}=`,
  'a header that is no JSON': `Bearer ${forgeJwt('nonsense', claims(), signed)}`,
  'a header that is a list': `Bearer ${forgeJwt([header], claims(), signed)}`,
  'a header that is null': `Bearer ${forgeJwt(null, claims(), signed)}`,
  'a payload that is no JSON': `Bearer ${forgeJwt(header, 'nonsense', signed)}`,
  'a payload that is a list': `Bearer ${forgeJwt(header, [claims()], signed)}`,
  'a payload that is a string': `Bearer ${forgeJwt(header, '"shop"', signed)}`,
  'a payload that is null': `Bearer ${forgeJwt(header, null, signed)}`,
  'a payload with bytes that are not UTF-8': `Bearer ${forgeJwt(header, Buffer.from([0x22, 0xff, 0x22]), signed)}`,
  ...Object.fromEntries(
    [
      ['none', unsigned],
      ['none', signed],
      ['nOnE', unsigned],
      ['nOnE', signed],
      ['NONE', signed],
      ['', signed],
    ].flatMap(([alg, signature], i) => [
      [`alg ${alg} (${i})`, `Bearer ${but({}, { alg }, signature as ForgedSignature)}`],
    ]),
  ),
  ...Object.fromEntries(
    [
      undefined,
      null,
      0,
      true,
      ['RS256'],
      { toString: 'RS256' },
      'rs256',
      'RS256 ',
      'ES256K',
      'RSA-OAEP-256',
      '__proto__',
    ].map((alg) => [`alg ${JSON.stringify(alg)}`, `Bearer ${but({}, { alg })}`]),
  ),
  ...Object.fromEntries(
    Object.entries(secrets).flatMap(([what, secret]) =>
      ['256', '384', '512'].map((bits) => [
        `HS${bits} keyed with ${what}`,
        `Bearer ${but({}, { alg: `HS${bits}` }, hmacSigned(secret, `sha${bits}`))}`,
      ]),
    ),
  ),
  'signed by another key': `Bearer ${but({}, {}, rsaSigned(other.privateKey))}`,
  'signed with another hash': `Bearer ${but({}, {}, rsaSigned(rsa.privateKey, 'sha512'))}`,
  'PS256 that says RS256': `Bearer ${but({}, {}, pssSigned(rsa.privateKey))}`,
  'RS256 that says PS256': `Bearer ${but({}, { alg: 'PS256' })}`,
  'RS256 with the EC key': `Bearer ${but({}, { kid: 'ec' }, ecSigned(ec.privateKey, 'der'))}`,
  'ES256 with the RSA key': `Bearer ${but({}, { alg: 'ES256' })}`,
  'ES256 in DER': `Bearer ${but({}, { alg: 'ES256', kid: 'ec' }, ecSigned(ec.privateKey, 'der'))}`,
  'ES384 with the P-256 key': `Bearer ${but({}, { alg: 'ES384', kid: 'ec' }, ecSigned(ec.privateKey))}`,
  'ES256 of zeros': `Bearer ${but({}, { alg: 'ES256', kid: 'ec' }, () => Buffer.alloc(64))}`,
  'EdDSA of zeros': `Bearer ${but({}, { alg: 'EdDSA', kid: 'ed' }, () => Buffer.alloc(64))}`,
  'EdDSA with the RSA key': `Bearer ${but({}, { alg: 'EdDSA' }, edSigned(ed.privateKey))}`,
  'no signature': `Bearer ${but({}, {}, unsigned)}`,
  'half a signature': `Bearer ${but({}, {}, (input) => signed(input).subarray(0, 128))}`,
  'a signature too long': `Bearer ${but({}, {}, (input) => Buffer.concat([signed(input), Buffer.of(0)]))}`,
  'the signature of another token': `Bearer ${but({ sub: 'other' }, {}, () => signed(Buffer.from(good().split('.', 2).join('.'))))}`,
  ...Object.fromEntries(
    Object.entries({
      iss: [undefined, null, '', 'https://evil.test', `${issuer}/`, issuer.toUpperCase(), [issuer], 7, {}],
      aud: [undefined, null, '', 'other', 'PADLOCK', ['other'], [], [[audience]], { 0: audience }, 7],
      sub: [undefined, null, '', 7, true, ['shop'], {}, 's'.repeat(256)],
      exp: [
        undefined,
        null,
        '',
        `${now() + 600}`,
        true,
        0,
        -1,
        now() - 6,
        [now() + 600],
        1e20,
        now() + 86_400 + 60,
      ],
      nbf: [null, `${now()}`, now() + 60, 1e20, -1, [0]],
      iat: [null, `${now()}`, now() + 60, 1e20, -1, {}, now() - 86_400],
    }).flatMap(([name, values]) =>
      values.map((value) => [
        `${name} ${String(JSON.stringify(value)).slice(0, 40)}`,
        `Bearer ${but({ [name]: value })}`,
      ]),
    ),
  ),
  ...Object.fromEntries(
    Object.entries({
      crit: [['exp'], ['http://openid.net/specs/x'], ['b64'], [], 'exp', null, [7], ['crit']],
      kid: [...kids, '', 7, null, ['rsa'], { rsa: 1 }, 'k'.repeat(256), 'k'.repeat(4_000)],
      typ: ['secevent+jwt', 'JOSE', 7, null, ['JWT']],
    }).flatMap(([name, values]) =>
      values.map((value) => [
        `header ${name} ${JSON.stringify(value).slice(0, 40)}`,
        `Bearer ${but({}, { [name]: value })}`,
      ]),
    ),
  ),
  'jku with a key of its own': `Bearer ${but({}, { jku: bait }, rsaSigned(other.privateKey))}`,
  'jwk with a key of its own': `Bearer ${but({}, { jwk: jwkOf(other.publicKey, 'rsa') }, rsaSigned(other.privateKey))}`,
  'x5c with a key of its own': `Bearer ${but({}, { x5c: [otherSpki] }, rsaSigned(other.privateKey))}`,
  'crit that names what stands there': `Bearer ${but({}, { crit: ['shop'], shop: 1 })}`,
  'crit with jku': `Bearer ${but({}, { crit: ['jku'], jku: bait })}`,
  'alg Ed25519 (RFC 9864)': `Bearer ${but({}, { alg: 'Ed25519', kid: 'ed' }, edSigned(ed.privateKey))}`,
  'x5u with a key of its own': `Bearer ${but({}, { x5u: bait }, rsaSigned(other.privateKey))}`,
  'kid that is an address': `Bearer ${but({}, { kid: bait }, rsaSigned(other.privateKey))}`,
  'iss that is an address': `Bearer ${but({ iss: bait }, {}, rsaSigned(other.privateKey))}`,
  'too long a token': `Bearer ${but({ padding: 'x'.repeat(6_000) })}`,
  'a very long token': `Bearer ${but({ padding: 'x'.repeat(40_000) })}`,
  'expired, and by another key': `Bearer ${but({ exp: now() - later }, {}, rsaSigned(other.privateKey))}`,
})
