import t from 'tap'
import type { ProfileSettings } from '../../../src/token/profile.ts'
import { clientWithToken, createVaultClient } from '../../../src/vault/client/client.ts'
import { settingsFaults } from '../../../src/vault/profiles/profile-settings.ts'
import { ProfileConflictError, ProfileStore } from '../../../src/vault/profiles/profile-store.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const open = createVaultClient({ address: vault.address })
t.teardown(() => open.close())
const profiles = new ProfileStore(clientWithToken(open, vault.rootToken), 'secret')

const thumbprint = 'A'.repeat(43)
const settings: ProfileSettings = {
  issuer: 'https://shop.test',
  signingKey: 'padlock-shop',
  signingKeyVersion: 1,
  tokenTtlSeconds: 60,
  recipientKeys: { [thumbprint]: { publicKey: 'pem' } },
  activeRecipientKey: thumbprint,
  activatedAt: '2026-01-01T00:00:00.000Z',
  activatedBy: 'operator',
}
const read = async (name: string) => {
  const { version, value } = await profiles.read(name)
  return { version, value }
}
const write = (name: string, value: ProfileSettings, version: number) => profiles.write(name, value, version)

t.test('no profile at all', async (t) => {
  t.same(await profiles.list(), [])
  t.same(await read('none'), { version: 0, value: undefined })
})

t.test('a profile is written, read, changed and listed', async (t) => {
  t.equal(await write('shop', settings, 0), 1)
  t.same(await read('shop'), { version: 1, value: settings })
  t.equal(await write('shop', { ...settings, tokenTtlSeconds: 90 }, 1), 2)
  t.match(await read('shop'), { version: 2, value: { tokenTtlSeconds: 90 } })
  t.same(await profiles.list(), ['shop'])
})

t.test('of two who change the same version, the second is told and nothing is lost', async (t) => {
  await write('raced', settings, 0)
  const outcomes = await Promise.allSettled(
    ['a', 'b'].map((issuer) => write('raced', { ...settings, issuer }, 1)),
  )
  t.same(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const lost = outcomes.find((outcome) => outcome.status === 'rejected')
  t.type(lost?.reason, ProfileConflictError)
  const winner = outcomes[0]?.status === 'fulfilled' ? 'a' : 'b'
  t.match(await read('raced'), { version: 2, value: { issuer: winner } })
  await t.rejects(write('raced', settings, 0), ProfileConflictError, 'it exists already')
})

t.test('a deleted profile is gone, and can be made again on top of its history', async (t) => {
  await write('gone', settings, 0)
  await vault.api('DELETE', 'secret/data/padlock/profiles/gone')
  t.same(await read('gone'), { version: 1, value: undefined })
  await t.rejects(write('gone', settings, 0), ProfileConflictError)
  t.equal(await write('gone', settings, 1), 2)
})

t.test('what is not valid is not written', async (t) => {
  await t.rejects(write('bad', { ...settings, tokenTtlSeconds: 0 }, 0), TypeError)
  await t.rejects(write('../up', settings, 0), TypeError)
  await t.rejects(write('Bad', settings, 0), TypeError)
  t.same(await read('bad'), { version: 0, value: undefined })
})

t.test('what is wrong with settings is said by field, without a value', async (t) => {
  t.same(settingsFaults(settings), [])
  t.same(settingsFaults({ ...settings, activeRecipientKey: 'B'.repeat(43) }), [
    '/activeRecipientKey is not one of recipientKeys',
  ])
  const faults = settingsFaults({ ...settings, issuer: '', extra: 'secret-value' }).join('\n')
  t.match(faults, '/issuer')
  t.match(faults, '(extra)')
  t.notMatch(faults, 'secret-value')
  t.match(settingsFaults(undefined), [/the profile must be object/])
})

t.test('a denial is a denial, not a profile that is missing', async (t) => {
  const stranger = new ProfileStore(clientWithToken(open, 'hvs.nobody'), 'secret')
  await t.rejects(stranger.read('shop'), { code: 'vault_denied' })
  await t.rejects(stranger.list(), { code: 'vault_denied' })
})

t.test('the state by metadata alone is the one of the settings', async (t) => {
  t.equal(await profiles.readState('none'), undefined)
  await write('state', settings, 0)
  const { value, ...state } = await profiles.read('state')
  t.same(value, settings)
  t.match(state, { version: 1, createdAt: /^\d{4}-/ })
  t.same(await profiles.readState('state'), state)
  await vault.api('DELETE', 'secret/data/padlock/profiles/state')
  t.equal(await profiles.readState('state'), undefined)
})

t.test('a store that is not there is no profile that is missing', async (t) => {
  const elsewhere = new ProfileStore(clientWithToken(open, vault.rootToken), 'elsewhere')
  const refused = { code: 'internal_error', vaultStatus: 404 }
  await t.rejects(elsewhere.list(), refused)
  await t.rejects(elsewhere.read('shop'), refused)
  await t.rejects(elsewhere.readState('shop'), refused)
})
