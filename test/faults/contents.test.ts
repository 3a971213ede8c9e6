import t from 'tap'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { until } from '../support/wait.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const { api } = subject
const service = await startService(t, subject, { PADLOCK_PROFILE_REFRESH_SECONDS: '1' })
const ground = {
  load: { urls: [service.url], token: await subject.callers.token() },
  recipient: subject.recipient,
  auditLog: vault.auditLog,
}
const keyPath = 'transit/keys/padlock-default'
const profilePath = 'secret/data/padlock/profiles/default'
const settings = (await api('GET', profilePath)).body.data.data

/** What readiness says of the profile. */
async function profileState(): Promise<{ state: string; error?: string }> {
  const answer = await (await fetch(`${service.url}/health/ready`)).json()
  return (answer as { components: { profiles: { entries: [{ state: string }] } } }).components.profiles
    .entries[0]
}

/** Asks Vault for something, which must succeed. */
async function ask(...call: Parameters<typeof api>) {
  const answer = await api(...call)
  if (answer.status >= 300) {
    throw new Error(`${call[0]} ${call[1]}: ${answer.status} ${answer.body.errors}`)
  }
  return answer
}

/** Moves an engine to another path, and waits until it is there. */
const move = (from: string, to: string) => async () => {
  const id = (await ask('POST', 'sys/remount', { from, to })).body.migration_id
  const status = async () => (await api('GET', `sys/remount/status/${id}`)).body.data.migration_info.status
  await until(async () => (await status()) === 'success')
}

t.test('the transit engine is moved away, and back', (t) =>
  tryFault(t, ground, {
    fault: 'Transit engine moved away, and back',
    codes: ['signing_key_missing', 'vault_unavailable'],
    cause: move('transit', 'elsewhere'),
    lastsMs: 4_000,
    cure: move('elsewhere', 'transit'),
  }),
)

t.test('the pinned version is put below min_encryption_version', async (t) => {
  await ask('POST', `${keyPath}/rotate`)
  await tryFault(t, ground, {
    fault: 'Pinned version below min_encryption_version, and allowed again',
    codes: ['key_version_disabled'],
    cause: () => ask('POST', `${keyPath}/config`, { min_encryption_version: 2 }),
    lastsMs: 4_000,
    cure: () => ask('POST', `${keyPath}/config`, { min_encryption_version: 0 }),
  })
})

t.test('the profiles may not be read', async (t) => {
  const { policy } = (await ask('GET', 'sys/policies/acl/padlock-signer')).body.data
  await tryFault(t, ground, {
    fault: 'KV unreadable: the policy does not allow it',
    codes: [],
    cause: () =>
      ask('PUT', 'sys/policies/acl/padlock-signer', { policy: policy.replaceAll('secret/', 'none/') }),
    lastsMs: 5_000,
    cure: () => ask('PUT', 'sys/policies/acl/padlock-signer', { policy }),
  })
  t.ok(await service.logged({ msg: 'the profiles could not be read; the last good ones stay in use' }))
  t.ok(await service.logged({ msg: 'the profiles can be read again' }))
})

t.test('the KV engine is moved away, and back', (t) =>
  tryFault(t, ground, {
    fault: 'KV engine moved away, and back',
    codes: [],
    cause: move('secret', 'nowhere'),
    lastsMs: 4_000,
    cure: move('nowhere', 'secret'),
  }),
)

t.test('a profile turns bad', async (t) => {
  await tryFault(t, ground, {
    fault: 'Profile made invalid, and fixed',
    codes: [],
    cause: () => ask('POST', profilePath, { data: { ...settings, tokenTtlSeconds: -1 } }),
    lastsMs: 3_000,
    async cure() {
      t.match(await profileState(), { state: 'stale', error: 'profile_unusable' }, 'and it is reported')
      await ask('POST', profilePath, { data: settings })
    },
  })
  await until(async () => (await profileState()).state === 'ready')
})

t.test('a profile is deleted, and made again', (t) =>
  tryFault(t, ground, {
    fault: 'Profile deleted, and made again',
    codes: ['profile_not_found'],
    cause: () => ask('DELETE', 'secret/metadata/padlock/profiles/default'),
    lastsMs: 4_000,
    cure: () => ask('POST', profilePath, { data: settings }),
  }),
)

// Last: a key that can be backed up or exported is refused from then on, and the profile keeps its last good state.
t.test('the signing key is deleted, and restored', async (t) => {
  await ask('POST', `${keyPath}/config`, {
    exportable: true,
    allow_plaintext_backup: true,
    deletion_allowed: true,
  })
  const { backup } = (await ask('GET', 'transit/backup/padlock-default')).body.data
  await tryFault(t, ground, {
    fault: 'Signing key deleted, and restored',
    codes: ['signing_key_missing'],
    cause: () => ask('DELETE', keyPath),
    lastsMs: 4_000,
    cure: () => ask('POST', 'transit/restore/padlock-default', { backup }),
  })
})
