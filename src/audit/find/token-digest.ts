import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { compactDecrypt } from 'jose'

/** A token from which no auditId can be had; the message is for the operator and repeats nothing of it. */
export class TokenDigestError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TokenDigestError'
  }
}

function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new TokenDigestError('The recipient key is not a private key in PEM.')
  }
}

/**
 * The auditId of a token: base64url of the SHA-256 of its JWS signing input (RFC 7515 §5.1). Nothing is verified.
 *
 * @param token compact JWE, or compact JWS
 * @param recipientKey PEM of the recipient's private key, for a JWE
 * @throws TokenDigestError
 */
export async function auditIdOfToken(token: string, recipientKey: string | undefined): Promise<string> {
  let jws = token
  if (token.split('.').length === 5) {
    if (recipientKey === undefined) {
      throw new TokenDigestError("An encrypted token needs the recipient's private key.")
    }
    const { plaintext } = await compactDecrypt(token, privateKeyOf(recipientKey)).catch(() => {
      throw new TokenDigestError('The token cannot be decrypted with this key.')
    })
    jws = new TextDecoder().decode(plaintext)
  }
  const match = /^([\w-]+\.[\w-]+)\.[\w-]+$/.exec(jws)
  if (match === null) {
    throw new TokenDigestError('This is no token: neither a compact JWE nor a compact JWS.')
  }
  return createHash('sha256')
    .update(match[1] as string, 'latin1')
    .digest('base64url')
}
