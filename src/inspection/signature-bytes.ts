import type { FaultList } from './faults.ts'

const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/

/** Whether the bytes are one ASN.1 SEQUENCE of two INTEGERs, as ECDSA signatures are in DER (X9.62). */
const isDerPair = (bytes: Buffer): boolean =>
  bytes[0] === 0x30 && bytes[1] === bytes.length - 2 && bytes[2] === 0x02 && bytes.length < 150

/**
 * Takes what Vault or a second encoding left around a signature off, each as a fault.
 *
 * @param text the third part of a compact JWS, before anything is made of it
 * @returns the part as base64url, or undefined where nothing was to be taken off
 */
export function unwrapSignature(text: string, findings: FaultList): string | undefined {
  const decoded = () => Buffer.from(text, 'base64url').toString('latin1')
  const vault = /^vault:v\d+:(.*)$/s
  const inner = vault.exec(text)?.[1] ?? vault.exec(decoded())?.[1]
  if (inner !== undefined) {
    findings.add(
      'signature_vault_prefix',
      'The signature begins with "vault:v…:", which is Vault\'s own mark.',
    )
    return Buffer.from(inner, 'base64').toString('base64url')
  }
  // The base64 text of an RSA signature has 342 characters at least: none of its bytes is outside the alphabet.
  if (base64.test(decoded()) && decoded().length > 300) {
    findings.add('signature_double_base64', 'The signature is base64 of base64.')
    return Buffer.from(decoded(), 'base64').toString('base64url')
  }
  return undefined
}

/** Names a signature that no RSA key of these sizes made. @returns true where it did */
export function checkSignatureLength(
  signature: Buffer,
  sizes: readonly number[],
  findings: FaultList,
): boolean {
  if (sizes.includes(signature.length)) {
    return false
  }
  const bytes = `The signature has ${signature.length} bytes; the public key makes ${sizes.join(' or ')}`
  if (isDerPair(signature)) {
    findings.add('signature_der', `${bytes}, and it is an ASN.1 sequence, as of ECDSA.`)
  } else {
    findings.add('signature_length', `${bytes}.`)
  }
  return true
}
