import t from 'tap'
import { clientWithToken, createVaultClient } from '../../../src/vault/client/client.ts'
import { changeAuthor } from '../../../src/vault/profiles/profile-settings.ts'
import { ProfileConflictError, ProfileStore } from '../../../src/vault/profiles/profile-store.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const open = createVaultClient({ address: vault.address })
t.teardown(() => open.close())
const profiles = new ProfileStore(clientWithToken(open, vault.rootToken), 'secret')
const put = (data: object) => vault.api('POST', 'secret/data/padlock/profiles/shop', { data })
const versions = () => profiles.versions('shop')
const states = async () =>
  (await versions()).map(({ version, deletedAt }) => [version, deletedAt !== undefined])

t.test('no profile has no history', async (t) => {
  t.same(await versions(), [])
  t.equal(await profiles.readVersion('shop', 1), undefined)
})

t.test('the versions, the oldest first, with times to the millisecond', async (t) => {
  for (let version = 1; version <= 11; version++) {
    await put({ version, changedBy: `operator ${version}` })
  }
  const all = await versions()
  t.same(
    all.map(({ version }) => version),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    'Vault keeps ten',
  )
  for (const { createdAt, destroyed } of all) {
    t.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.equal(destroyed, false)
  }
  t.equal(changeAuthor(await profiles.readVersion('shop', 5)), 'operator 5')
  t.equal(await profiles.readVersion('shop', 1), undefined, 'no longer kept')
  for (const other of [undefined, null, 'text', { changedBy: 7 }, {}]) {
    t.equal(changeAuthor(other), undefined)
  }
})

t.test('only the version that was seen is deleted, and it comes back', async (t) => {
  await t.rejects(profiles.delete('shop', 10), ProfileConflictError)
  t.same(
    (await states()).filter(([, deleted]) => deleted),
    [],
    'all are as they were',
  )
  await profiles.delete('shop', 11)
  t.same(await profiles.read('shop'), { version: 11, createdAt: undefined, value: undefined })
  t.same((await states()).at(-1), [11, true])
  await profiles.delete('shop', 11)
  await profiles.restore('shop', 11)
  t.match(await profiles.read('shop'), { version: 11, value: { version: 11 } })
  await profiles.restore('shop', 11)
  await vault.api('POST', 'secret/destroy/padlock/profiles/shop', { versions: [3] })
  t.match((await versions())[1], { version: 3, destroyed: true })
})
