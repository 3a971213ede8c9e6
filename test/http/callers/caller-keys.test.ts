import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { CallerKeyFileError, fileCallerKeys } from '../../../src/http/callers/caller-keys.ts'

const dir = t.testdir()
const pemOf = (key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8' = 'spki') =>
  key.export({ type, format: 'pem' } as { type: 'spki'; format: 'pem' }) as string

async function keysFrom(text: string) {
  const file = join(dir, 'caller.pem')
  await writeFile(file, text)
  return fileCallerKeys(file)
}

t.test('a PEM file gives one key, for the algorithms of its type, whatever kid a token names', async (t) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const pem of [pemOf(publicKey), pemOf(publicKey, 'pkcs1')]) {
    const keys = await keysFrom(pem)
    t.ok(keys.ready())
    t.equal(await keys.find(undefined, 'RS256'), pemOf(publicKey))
    t.equal(await keys.find('../../etc/passwd', 'PS256'), pemOf(publicKey))
    t.equal(await keys.find(undefined, 'ES256'), undefined)
    t.equal(await keys.find(undefined, 'EdDSA'), undefined)
  }
  const keys = await keysFrom(pemOf(generateKeyPairSync('ed25519').publicKey))
  t.equal(await keys.find(undefined, 'RS256'), undefined)
  t.ok(await keys.find(undefined, 'EdDSA'))
})

t.test('a file that would let anyone be a caller, or nobody, stops the start', async (t) => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await t.rejects(keysFrom(pemOf(pair.privateKey, 'pkcs8')), { message: /private key/ })
  await t.rejects(
    keysFrom(pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)),
    CallerKeyFileError,
  )
  await t.rejects(keysFrom(pemOf(generateKeyPairSync('x25519').publicKey)), CallerKeyFileError)
  await t.rejects(keysFrom('not a key'))
  await t.rejects(fileCallerKeys(join(dir, 'nowhere.pem')), { code: 'ENOENT' })
})
