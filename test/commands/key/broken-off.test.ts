import { createPublicKey } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { keyFingerprint } from '../../../src/keys/rsa-public-key.ts'
import { brokenOff } from '../../support/broken-off.ts'

const { vault, keyOf, kills } = await brokenOff(t)
const pin = { signingKeyVersion: 1 }

t.test('key stage, killed anywhere, is finished by running it again: never a version too many', (t) =>
  kills(t, {
    ...{ command: 'stage', versions: 1, pin },
    args: (name) => ['stage', name, '--yes'],
    ...{ key: { latest_version: 2, min_encryption_version: 0 }, settings: pin },
  }),
)

t.test('key export, killed anywhere, leaves no half of a file', async (t) => {
  await kills(t, {
    ...{ command: 'export', versions: 2, pin },
    args: (name) => ['export', name, '2', '--out', join(vault.dir, `${name}.pem`)],
    ...{ key: { latest_version: 2 }, settings: pin },
  })
  const files = (await readdir(vault.dir)).filter((file) => file.startsWith('export'))
  t.ok(files.length > 1)
  for (const file of files) {
    t.match(
      await readFile(join(vault.dir, file), 'utf8'),
      /^-----BEGIN PUBLIC KEY[\s\S]*END PUBLIC KEY-----\n$/,
    )
  }
})

t.test('key activate, killed anywhere, is finished by running it again', (t) =>
  kills(t, {
    ...{ command: 'activate', versions: 2, pin },
    args: async (name) => {
      const fingerprint = keyFingerprint(createPublicKey((await keyOf(name)).keys[2].public_key))
      return ['activate', name, '2', '--acknowledged', fingerprint, '--yes']
    },
    key: { latest_version: 2, min_encryption_version: 0 },
    settings: { signingKeyVersion: 2, previousSigningKeyVersion: 1, activatedBy: 'token-jo' },
  }),
)
