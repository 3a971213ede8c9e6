import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** An RSA key pair of development. */
export interface RsaKey {
  privateKey: KeyObject
  publicKey: KeyObject
  /** SPKI PEM */
  publicKeyPem: string
}

/**
 * Reads an RSA key from a PKCS#8 PEM file; makes an RSA-2048 key there, for its owner alone to read,
 * where there is no file.
 *
 * @throws Error that names the file, when it holds no RSA private key of at least 2,048 bits
 */
export async function rsaKeyFile(file: string): Promise<RsaKey> {
  const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return create(file)
    }
    throw error
  })
  const privateKey = parse(pem)
  if (!privateKey || (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Error(
      `${file} does not hold an RSA private key of at least 2,048 bits as PEM: remove it to get a new one.`,
    )
  }
  const publicKey = createPublicKey(privateKey)
  return { privateKey, publicKey, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

async function create(file: string): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await mkdir(dirname(file), { recursive: true })
  // "wx": a file that came in the meantime is never overwritten.
  await writeFile(file, pem, { mode: 0o600, flag: 'wx' })
  return pem
}

function parse(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'rsa' ? key : undefined
  } catch {
    return undefined
  }
}
