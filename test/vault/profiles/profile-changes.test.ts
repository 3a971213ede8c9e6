import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { parseRecipientKey } from '../../../src/keys/recipient-key.ts'
import { startService, testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const service = await startService(t, backend, { PADLOCK_PROFILE_REFRESH_SECONDS: '1' })
const path = 'secret/data/padlock/profiles/default'

/** Writes changed settings, as somebody with access to KV would, and gives the log's line. */
async function change(edit: (data: Record<string, unknown>) => object) {
  const { data } = (await backend.vault.api('GET', path)).body.data
  const { data: written } = (await backend.vault.api('POST', path, { data: { ...data, ...edit(data) } })).body
  return service.logged({ msg: 'profile changed', kvVersion: written.version })
}
const made = () =>
  parseRecipientKey(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      type: 'spki',
      format: 'pem',
    }) as string,
  )
const recipientMetric = async () => {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  return [...text.matchAll(/^padlock_profile_recipient_key\{(.*)\} 1$/gm)].map(([, labels]) => labels)
}

t.test('another recipient key is one line with both fingerprints, and in the metric', async (t) => {
  const [next] = [made()]
  const [before] = await recipientMetric()
  const line = await change((data) => ({
    recipientKeys: { ...(data.recipientKeys as object), [next.thumbprint]: { publicKey: next.pem } },
    activeRecipientKey: next.thumbprint,
  }))
  t.match(line, { level: 'info', profile: 'default', changed: ['activeRecipientKey', 'recipientKeys'] })
  t.equal(line.recipientKey.to, next.fingerprint)
  t.match(before, `fingerprint="${line.recipientKey.from}"`, 'the one that was in use')
  t.strictSame(await recipientMetric(), [`profile="default",fingerprint="${next.fingerprint}"`])
  t.notOk('signingKey' in line)
  t.equal(JSON.stringify(line).includes('BEGIN'), false, 'no key')
})

t.test('callers and rules are named, and their values are not in the log', async (t) => {
  for (const [edit, changed] of [
    [{ callers: ['secret-shop'] }, ['callers']],
    [
      { userIdPattern: '^[0-9]+$', userIdPlaceholders: ['nobody-here'] },
      ['userIdPattern', 'userIdPlaceholders'],
    ],
    [{ tokenTtlSeconds: 61, jti: true }, ['jti', 'tokenTtlSeconds']],
    [{ sharedUserId: { share: 0.5, minimum: 10, refuse: true } }, ['sharedUserId']],
    [{ issuer: 'https://other.test', allowedUserIds: ['null'] }, ['allowedUserIds', 'issuer']],
  ] as const) {
    const line = await change(() => edit)
    t.strictSame(line.changed, changed)
    t.notMatch(JSON.stringify(line), /secret-shop|nobody-here|\[0-9\]|other\.test/)
  }
})

t.test('what is written again and is the same leaves no line', async (t) => {
  const lines = service.log.filter(({ msg }) => msg === 'profile changed').length
  const { data } = (await backend.vault.api('GET', path)).body.data
  await backend.vault.api('POST', path, { data })
  const line = await change(() => ({ tokenTtlSeconds: 62 }))
  t.strictSame(line.changed, ['tokenTtlSeconds'])
  t.equal(service.log.filter(({ msg }) => msg === 'profile changed').length, lines + 1)
})
