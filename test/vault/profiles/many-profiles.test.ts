import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import pMap from 'p-map'
import t from 'tap'
import { acceptToken } from '../../../dev/accept-token.ts'
import { parseRecipientKey } from '../../../src/keys/recipient-key.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'
import { until } from '../../support/wait.ts'

const count = 100
/** Most keys are short here alone: Vault takes seconds to find one of 4,096 bits. */
const typeOf = (index: number) => (index === 1 ? 'rsa-4096' : index % 20 === 3 ? 'rsa-3072' : 'rsa-2048')

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
const names = Array.from({ length: count }, (_, index) => `shop-${index}`)
const recipients = new Map<string, KeyObject>()
await pMap(
  [...names.entries()],
  async ([index, name]) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: index % 25 === 0 ? 3072 : 2048,
    })
    const { pem, thumbprint } = parseRecipientKey(publicKey.export({ type: 'spki', format: 'pem' }) as string)
    recipients.set(name, privateKey)
    const own = { recipientKeys: { [thumbprint]: { publicKey: pem } }, activeRecipientKey: thumbprint }
    await backend.addProfile(name, { issuer: `https://${name}.test`, ...own }, typeOf(index))
  },
  { concurrency: 4 },
)
// The backend's own is not one of the hundred.
await api('DELETE', 'secret/metadata/padlock/profiles/default')

const stand = await vaultStandIn(t, vault.address)
const isRead = (path: string) => /^(secret\/(data|metadata)\/padlock\/profiles|transit\/keys\/)/.test(path)
let [atOnce, most] = [0, 0]
stand.answer = async (call) => {
  if (!isRead(call.path)) {
    return call.forward()
  }
  atOnce += 1
  most = Math.max(most, atOnce)
  return call.forward().finally(() => {
    atOnce -= 1
  })
}
const service = await startService(
  t,
  { ...backend, env: { ...backend.env, VAULT_ADDR: stand.address } },
  { PADLOCK_PROFILE_REFRESH_SECONDS: '2', PADLOCK_LOG_LEVEL: 'debug' },
)

/** The calls of one whole refresh, the costs as Padlock logs them, and how long it took. */
async function nextRefresh() {
  const refreshes = () => service.log.filter(({ msg }) => msg === 'profiles refreshed')
  const done = refreshes().length
  await until(() => refreshes().length > done)
  const from = stand.calls.length
  await until(() => refreshes().length > done + 1)
  const paths = stand.calls
    .slice(from)
    .map(({ path }) => path)
    .filter(isRead)
  const matching = (pattern: RegExp) => paths.filter((path) => pattern.test(path)).length
  return {
    cost: refreshes().at(-1) as { profiles: number; calls: number; durationMs: number },
    list: matching(/^secret\/metadata\/padlock\/profiles\?list/),
    metadata: matching(/^secret\/metadata\/padlock\/profiles\/shop/),
    data: matching(/^secret\/data\//),
    keys: matching(/^transit\/keys\//),
  }
}

t.test('each profile signs with its own key, for its own issuer and recipient', async (t) => {
  const seen = new Set<string>()
  await pMap(
    [...names.entries()],
    async ([index, name]) => {
      const answer = await service.issue({ userId: `u-${index}` }, { profile: name })
      t.equal(answer.status, 200)
      const { token } = (await answer.json()) as { token: string }
      const pem = await (await fetch(`${service.url}/v1/profiles/${name}/public-key.pem`)).text()
      const publicKey = createPublicKey(pem)
      t.equal(publicKey.asymmetricKeyDetails?.modulusLength, Number(typeOf(index).slice(4)))
      const receipt = await acceptToken(token, {
        privateKey: recipients.get(name) as KeyObject,
        publicKeys: [publicKey],
      })
      t.match(receipt, {
        accepted: true,
        claims: { iss: `https://${name}.test`, 'https://iadvize.com/userId': `u-${index}` },
      })
      if (receipt.accepted) {
        seen.add(receipt.verifiedWith)
      }
    },
    { concurrency: 4 },
  )
  t.equal(seen.size, count, 'no two with the same key')
})

t.test(
  'a refresh looks at each profile’s metadata and at each key once, and reads no settings again',
  async (t) => {
    most = 0
    const { cost, ...calls } = await nextRefresh()
    t.same(calls, { list: 1, metadata: count, data: 0, keys: count })
    t.match(cost, { profiles: count, calls: 2 * count + 1 })
    t.ok(most <= 8 && most > 1, 'so many at once, and no more')
    t.comment(
      `a refresh of ${count} profiles with ${count} keys: ${cost.calls} calls, ${cost.durationMs} ms, ${most} at once`,
    )
  },
)

t.test('settings that change are read once; profiles that share a key read it once', async (t) => {
  const path = (name: string) => `secret/data/padlock/profiles/${name}`
  for (const name of names.slice(0, 50)) {
    const { data } = (await api('GET', path(name))).body.data
    await api('POST', path(name), { data: { ...data, signingKey: 'padlock-shop-0', signingKeyVersion: 1 } })
  }
  const entries = async () => {
    const body = (await (await fetch(`${service.url}/health/ready`)).json()) as {
      components: { profiles: { entries: { name: string; kvVersion: number; state: string }[] } }
    }
    return body.components.profiles.entries
  }
  const from = stand.calls.length
  await until(async () => (await entries()).filter(({ kvVersion }) => kvVersion === 2).length === 50)
  const reads = stand.calls
    .slice(from)
    .filter(({ method, path }) => method === 'GET' && path.startsWith('secret/data/padlock/profiles/'))
  t.equal(reads.length, 50)
  t.ok((await entries()).every(({ state }) => state === 'ready'))
  const { cost, ...calls } = await nextRefresh()
  t.same(calls, { list: 1, metadata: count, data: 0, keys: 51 })
  t.comment(`a refresh of ${count} profiles with 51 keys: ${cost.calls} calls, ${cost.durationMs} ms`)
})
