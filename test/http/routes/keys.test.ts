import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { rsaThumbprint } from '../../../src/keys/rsa-public-key.ts'
import { clockSlackSeconds } from '../../../src/vault/keys/key-versions.ts'
import { contractFetch } from '../../support/contract.ts'
import { testService } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

const service = await testService(t, { PADLOCK_PROFILE_REFRESH_SECONDS: '1' })
const { api } = service.vault
const at = `${service.url}/v1/profiles/default`
const key = 'transit/keys/padlock-default'
const get = (path: string, headers = {}) => contractFetch(`${at}/${path}`, { headers })
const keysOf = async (answer: Response) => ((await answer.json()) as { keys: { kid: string }[] }).keys
const kids = async () => (await keysOf(await get('jwks.json'))).map(({ kid }) => kid)
const kidOf = async (version: number) => {
  const { keys } = (await api('GET', key)).body.data
  return rsaThumbprint(createPublicKey(keys[version].public_key))
}
/** Writes the profile as `key activate` does, as if it had been so long ago. */
const pin = async (version: number, previous: number, agoMs: number) => {
  const { data } = (await api('GET', 'secret/data/padlock/profiles/default')).body.data
  const activatedAt = new Date(Date.now() - agoMs).toISOString()
  const pinned = { signingKeyVersion: version, previousSigningKeyVersion: previous, activatedAt }
  await api('POST', 'secret/data/padlock/profiles/default', { data: { ...data, ...pinned } })
}
const same = async (...versions: number[]) => {
  const wanted = JSON.stringify(await Promise.all(versions.map(kidOf)))
  await until(async () => JSON.stringify(await kids()) === wanted)
}

t.test('cacheable for one refresh interval, and told by its ETag when nothing has changed', async (t) => {
  for (const path of ['jwks.json', 'public-key.pem']) {
    const first = await get(path)
    t.equal(first.headers.get('cache-control'), 'public, max-age=1')
    const etag = first.headers.get('etag') as string
    t.ok(etag)
    const again = await fetch(`${at}/${path}`, { headers: { 'if-none-match': etag } })
    t.equal(again.status, 304)
    t.equal(await again.text(), '')
  }
})

t.test('staged, active, previous; a retired version is served no more', async (t) => {
  await same(1)
  const etag = (await get('jwks.json')).headers.get('etag')
  await api('POST', `${key}/rotate`)
  await same(1, 2)
  t.not((await get('jwks.json')).headers.get('etag'), etag)
  const staged = createPublicKey(await (await get('public-key.pem?version=2')).text())
  t.equal(rsaThumbprint(staged), await kidOf(2))
  t.equal(
    rsaThumbprint(createPublicKey(await (await get('public-key.pem')).text())),
    await kidOf(1),
    'active',
  )

  await pin(2, 1, 0)
  await same(2, 1)
  t.equal((await get('public-key.pem?version=1')).status, 200)
  await api('POST', `${key}/config`, { min_encryption_version: 2 })
  await same(2)
  t.equal((await get('public-key.pem?version=1')).status, 404)
  await api('POST', `${key}/config`, { min_encryption_version: 1 })
  await same(2, 1)
})

t.test('a version that was gone back from stays: it may be the next again', async () => {
  await pin(1, 2, 0)
  await same(1, 2)
  await pin(1, 2, 3_600_000)
  await same(1, 2)
})

t.test('the previous version goes when its last token has expired, and not before', async (t) => {
  await api('POST', 'secret/data/padlock/profiles/short', {
    data: {
      ...(await api('GET', 'secret/data/padlock/profiles/default')).body.data.data,
      ...{ signingKeyVersion: 2, previousSigningKeyVersion: 1, tokenTtlSeconds: 2 },
      // Its last token expires in five seconds: it lives two, and one refresh and the clocks' slack come to it.
      activatedAt: new Date(Date.now() - (clockSlackSeconds - 2) * 1000).toISOString(),
    },
  })
  const published = async () => {
    const answer = await fetch(`${service.url}/v1/profiles/short/jwks.json`)
    return answer.ok ? (await keysOf(answer)).length : 0
  }
  await until(async () => (await published()) === 2)
  const seen = Date.now()
  await until(async () => (await published()) === 1)
  t.ok(Date.now() - seen < 10_000)
})

t.test('a running instance keeps what it signed with for as long as its tokens live', async (t) => {
  await pin(2, 1, 0)
  await same(2, 1)
  await api('POST', `${key}/rotate`)
  // Twice within the life of one token: the settings name one previous version alone.
  await pin(3, 2, 0)
  await until(async () => (await kids()).length === 3)
  t.same(new Set(await kids()), new Set(await Promise.all([1, 2, 3].map(kidOf))))
})

t.test('no anonymous call ever reaches Vault', async (t) => {
  const quiet = await testService(t, { PADLOCK_PROFILE_REFRESH_SECONDS: '3600' })
  const paths = (text: string) =>
    text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).request.path as string]))
  const calls = async () => paths(await readFile(quiet.vault.auditLog, 'utf8')).length
  const before = await calls()
  const anonymous = [
    ...['default', 'nowhere', '..%2f..%2fsys', 'DEFAULT'].flatMap((profile) => [
      `v1/profiles/${profile}/jwks.json`,
      `v1/profiles/${profile}/public-key.pem`,
      `v1/profiles/${profile}/public-key.pem?version=2`,
      `v1/profiles/${profile}/public-key.pem?version=x`,
    ]),
    ...['health/live', 'health/ready', 'metrics', 'openapi.json', 'docs'],
  ]
  for (const path of anonymous) {
    await (await fetch(`${quiet.url}/${path}`)).text()
  }
  const token = await fetch(`${quiet.url}/v1/profiles/default/tokens`, { method: 'POST' })
  t.equal(token.status, 401)
  t.equal(await calls(), before)
})
