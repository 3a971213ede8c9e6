import { createPublicKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { keyFingerprint, rsaThumbprint } from '../../../src/keys/rsa-public-key.ts'
import { keyRunner, operatorToken, padlockProcess } from '../../support/key-command.ts'
import { testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const { vault, addProfile } = backend
const { api } = vault
const token = await operatorToken(vault)
const run = keyRunner(vault, token)

const json = async (...args: string[]) => {
  const outcome = await run([...args, '--output', 'json'])
  t.equal(outcome.exitCode, 0, outcome.stderr)
  return JSON.parse(outcome.stdout)
}
const keyOf = async (name: string) => (await api('GET', `transit/keys/padlock-${name}`)).body.data
const profileOf = async (name: string) => (await api('GET', `secret/data/padlock/profiles/${name}`)).body.data
const fingerprintOf = async (name: string, version: number) =>
  keyFingerprint(createPublicKey((await keyOf(name)).keys[version].public_key))
const states = (list: { versions: { state: string }[] }) => list.versions.map(({ state }) => state)
/** A time long gone: the tokens from then have expired. */
const longAgo = '2026-01-01T00:00:00.000Z'

t.test('a rotation from start to end, with the operator’s policy alone', async (t) => {
  await addProfile('shop', { activatedAt: longAgo })
  t.same(states(await json('list', 'shop')), ['active'])

  const before = await profileOf('shop')
  const staged = await json('stage', 'shop')
  t.match(staged, { version: 2, made: true, fingerprint: await fingerprintOf('shop', 2) })
  t.same(await profileOf('shop'), before, 'the profile is as it was')
  t.match(await keyOf('shop'), { latest_version: 2, min_encryption_version: 0 })
  t.same(states(await json('list', 'shop')), ['active', 'staged'])

  const file = join(vault.dir, 'v2.pem')
  const exported = await run(['export', 'shop', '2', '--out', file])
  t.equal(exported.exitCode, 0)
  t.equal(keyFingerprint(createPublicKey(await readFile(file, 'utf8'))), staged.fingerprint)
  t.match(exported.stdout, staged.fingerprint)
  t.match(exported.stdout, 'Next, when iAdvize has answered: padlock key activate shop 2')
  t.match(
    exported.stdout,
    /Subject: .*\(https:\/\/shop\.test\)[\s\S]*attached file v2\.pem[\s\S]*openssl dgst -sha256/,
  )

  const active = await json('activate', 'shop', '2', '--acknowledged', staged.fingerprint)
  t.match(active, { version: 2, previousVersion: 1, changed: true, instances: [] })
  const { data } = await profileOf('shop')
  t.match(data, { signingKeyVersion: 2, previousSigningKeyVersion: 1, activatedBy: 'token-jo' })
  t.ok(Date.now() - Date.parse(data.activatedAt) < 60_000)
  t.strictSame(
    { ...data, ...pinOf(before.data) },
    { ...before.data, previousSigningKeyVersion: 1, changedBy: 'token-jo' },
    'nothing else',
  )
  const list = await json('list', 'shop')
  t.same(states(list), ['previous', 'active'])
  t.match(list.versions[1], {
    ...{ movedAt: data.activatedAt, movedBy: 'token-jo', fingerprint: staged.fingerprint },
    thumbprint: rsaThumbprint(createPublicKey((await keyOf('shop')).keys[2].public_key)),
    createdAt: (await keyOf('shop')).keys[2].creation_time,
  })
  t.match(list.versions[0].history, [
    { event: 'activated', at: longAgo, by: 'test' },
    { event: 'replaced', at: data.activatedAt, by: 'token-jo' },
  ])

  const back = await run(['rollback', 'shop'])
  t.equal(back.exitCode, 0)
  t.match(back.stdout, /signs with version 1 .* in place of version 2/)
  t.match(back.stdout, `iAdvize must hold ${await fingerprintOf('shop', 1)}`)
  t.match((await profileOf('shop')).data, { signingKeyVersion: 1, previousSigningKeyVersion: 2 })
  t.same(states(await json('list', 'shop')), ['active', 'previous'])
  const again = await run(['rollback', 'shop'])
  t.match(again, { exitCode: 0, stdout: /taken back from 2 .* nothing to change/ }, 'never forward again')
  t.equal((await profileOf('shop')).metadata.version, 3)

  await json('activate', 'shop', '2', '--acknowledged', staged.fingerprint)
  const early = await run(['retire', 'shop', '1'])
  t.match(early, { exitCode: 1, stderr: /Tokens of shop .* may live until .* seconds from now/ })
  t.match(await keyOf('shop'), { min_encryption_version: 0 })
})

const pinOf = ({ signingKeyVersion, activatedAt, activatedBy }: Record<string, unknown>) => ({
  ...{ signingKeyVersion, activatedAt, activatedBy },
})

t.test('a list for people', async (t) => {
  const { stdout } = await run(['list', 'shop'])
  t.match(
    stdout,
    /^VERSION +STATE +CREATED +MOVED +BY +FINGERPRINT +THUMBPRINT\n1 +previous .*token-jo +sha256:/,
  )
  t.notMatch(stdout, '\u001b', 'no colours off a terminal')
})

t.test('what somebody wrote into a profile does nothing to the terminal', async (t) => {
  await addProfile('painted', { activatedBy: '\u001b[2Jroot\r\n\u0007', issuer: 'shop\nBcc: all' })
  const { stdout } = await run(['list', 'painted'])
  t.match(stdout, / \\u001b\[2Jroot\\u000d\\u000a\\u0007 +sha256:/)
  const { stdout: mail } = await run(['export', 'painted'])
  t.match(mail, /^Subject: .*\(shop\\u000aBcc: all\)$/m)
  for (const character of ['\u001b', '\r', '\u0007']) {
    t.notOk((stdout + mail).includes(character))
  }
})

t.test('stage adopts a version that somebody made in Vault by hand, and says so', async (t) => {
  await addProfile('hand')
  await api('POST', 'transit/keys/padlock-hand/rotate')
  const outcome = await run(['stage', 'hand'])
  t.match(outcome, { exitCode: 0, stdout: /Version 2 of padlock-hand was there already.*adopted/ })
  t.equal((await keyOf('hand')).latest_version, 2)
  t.match(await json('stage', 'hand'), { version: 2, made: false }, 'and again')
  t.match(await json('stage', 'hand', '3'), { version: 3, made: true }, 'another, where it is asked for')
  t.match(await json('stage', 'hand', '3'), { version: 3, made: false })
  t.match(await run(['stage', 'hand', '5']), { exitCode: 1, stderr: /next version .* would be 4/ })
  t.match(await run(['stage', 'hand', '1']), { exitCode: 1, stderr: /not newer than 1/ })
  t.match((await json('export', 'hand')).version, 3)
})

t.test('the fingerprint is asked for, and nothing stands in for it', async (t) => {
  await addProfile('ask')
  await json('stage', 'ask')
  const [one, two] = [await fingerprintOf('ask', 1), await fingerprintOf('ask', 2)]
  const activate = (...args: string[]) => run(['activate', 'ask', '2', ...args])
  t.match(await activate('--yes'), { exitCode: 2, stderr: /--acknowledged.*--yes does not stand in for it/ })
  t.match(await activate('--acknowledged', one), { exitCode: 1, stderr: /of version 1, not of version 2/ })
  const none = `sha256:${'A'.repeat(43)}`
  const refused = await activate('--acknowledged', none)
  t.match(refused, { exitCode: 1, stderr: /of no version .* iAdvize holds another key/ })
  t.notMatch(refused.stderr, two, 'the right one is not shown')
  t.match(await activate('--acknowledged', 'yes'), { exitCode: 2, stderr: /"sha256:" and 43 characters/ })
  t.match(await run(['activate', 'ask', '2'], { answer: one }), { exitCode: 1 })
  const wrong = await run(['activate', 'ask', '2'], { answer: '' })
  t.match(wrong, { exitCode: 2 })
  t.notMatch(wrong.stderr, two)
  const declined = await run(['activate', 'ask', '2', '--acknowledged', two], { answer: 'n' })
  t.match(declined, { exitCode: 1, stderr: /Nothing was changed/ })
  t.equal((await profileOf('ask')).metadata.version, 1, 'nothing was written until here')
  t.match(await run(['activate', 'ask', '2'], { answer: two }), { exitCode: 0 }, 'typed at a terminal')
  // OpenSSL writes it without the prefix and with padding.
  await json('activate', 'ask', '1', '--acknowledged', `${one.slice(7)}=`, '--yes')
  t.match(await profileOf('ask'), { metadata: { version: 3 }, data: { signingKeyVersion: 1 } })
})

t.test('what cannot be activated', async (t) => {
  await addProfile('cannot')
  for (const _ of [2, 3]) {
    await api('POST', 'transit/keys/padlock-cannot/rotate')
  }
  const activate = async (version: number, of = version) =>
    run(['activate', 'cannot', String(version), '--acknowledged', await fingerprintOf('cannot', of)])
  t.match(await activate(4, 3), { exitCode: 1, stderr: /has no version 4 .* there are 1, 2, 3/ })
  await json('activate', 'cannot', '3', '--acknowledged', await fingerprintOf('cannot', 3))
  await api('POST', 'transit/keys/padlock-cannot/config', { min_encryption_version: 3 })
  const disabled = await activate(2)
  t.match(disabled, { exitCode: 1, stderr: /Version 2 .* is retired.*config min_encryption_version=2/ })
  t.match(await run(['rollback', 'cannot']), { exitCode: 1, stderr: /is retired/ })
  t.match(await run(['export', 'cannot', '2']), { exitCode: 0, stderr: /nobody needs its key/ })
  await api('POST', 'transit/keys/padlock-cannot/config', { min_decryption_version: 2 })
  t.match(await activate(1, 3), { exitCode: 1, stderr: /no longer shows version 1/ })
  t.same(states(await json('list', 'cannot')), ['retired', 'active'])
})

t.test('rollback goes to what was in use, and to nothing else', async (t) => {
  await addProfile('back')
  t.match(await run(['rollback', 'back']), { exitCode: 1, stderr: /nothing to go back to/ })
  for (const _ of [2, 3, 4]) {
    await api('POST', 'transit/keys/padlock-back/rotate')
  }
  for (const version of [2, 4]) {
    await json('activate', 'back', String(version), '--acknowledged', await fingerprintOf('back', version))
  }
  t.match(await run(['rollback', 'back', '3']), { exitCode: 1, stderr: /Nothing shows .* version 3/ })
  t.match(await run(['rollback', 'back', '9']), { exitCode: 1, stderr: /newer than 4: padlock key activate/ })
  t.match(await run(['rollback', 'back', '1'], { answer: 'n' }), {
    exitCode: 1,
    stderr: /Nothing was changed/,
  })
  t.match(
    await json('rollback', 'back'),
    { version: 2, previousVersion: 4 },
    'one step, after a second activate',
  )
  t.match(
    await json('rollback', 'back', '1'),
    { version: 1, previousVersion: 2 },
    'and further, where it is said',
  )
  t.same(states(await json('list', 'back')), ['active', 'previous', 'staged', 'previous'])
})

t.test('retire: only what nobody needs, in any profile', async (t) => {
  await addProfile('old', { activatedAt: longAgo })
  await addProfile('old-too', { activatedAt: longAgo, signingKey: 'padlock-old' })
  await api('POST', 'transit/keys/padlock-old/rotate')
  await api('POST', 'transit/keys/padlock-old/rotate')
  t.match(await run(['retire', 'old', '1']), { exitCode: 1, stderr: /old signs with version 1/ })
  t.match(await run(['retire', 'old', '9']), { exitCode: 1, stderr: /has no version 9/ })

  const settings = (await profileOf('old')).data
  const pinned = { ...settings, signingKeyVersion: 3, previousSigningKeyVersion: 1, activatedAt: longAgo }
  await api('POST', 'secret/data/padlock/profiles/old', { data: pinned })
  t.match(await run(['retire', 'old', '1']), { exitCode: 1, stderr: /old-too signs with version 1/ })
  // A life of a day, at the time when version 1 signed; the tokens of now live shorter.
  const soon = new Date(Date.now() - 3_600_000).toISOString()
  await api('POST', 'secret/data/padlock/profiles/old-too', {
    data: { ...settings, tokenTtlSeconds: 86_400 },
  })
  const changed = { ...pinned, signingKeyVersion: 2, activatedAt: soon, tokenTtlSeconds: 60 }
  await api('POST', 'secret/data/padlock/profiles/old-too', { data: changed })
  t.match(await run(['retire', 'old', '1']), { exitCode: 1, stderr: /Tokens of old-too/ })
  t.equal((await keyOf('old')).min_encryption_version, 0)

  await api('DELETE', 'secret/metadata/padlock/profiles/old-too')
  t.match(await run(['retire', 'old', '1'], { answer: 'no' }), { exitCode: 1, stderr: /Nothing was changed/ })
  const retired = await run(['retire', 'old', '1'])
  t.match(retired, { exitCode: 0, stdout: /Version 1 of padlock-old can sign no more\./ })
  t.match(retired.stdout, 'vault write transit/keys/padlock-old/config min_encryption_version=0')
  t.equal((await keyOf('old')).min_encryption_version, 2)
  t.match(await run(['retire', 'old', '1']), { exitCode: 0, stdout: /can sign no more already/ })
  t.same(states(await json('list', 'old')), ['retired', 'previous', 'active'])
  t.match(await json('retire', 'old', '2'), { minEncryptionVersion: 3, changed: true })

  await addProfile('broken', { issuer: 7 })
  t.match(await run(['retire', 'old', '2']), {
    exitCode: 1,
    stderr: /broken is not valid, so nobody can tell/,
  })
  await api('DELETE', 'secret/data/padlock/profiles/broken')
  t.match(await run(['retire', 'old', '2']), { exitCode: 0 }, 'a deleted one signs nothing')
})

t.test('what is said of undoing and of destroying works in Vault as it is printed', async (t) => {
  const { stdout } = await run(['retire', 'old', '2'])
  const commands = [...stdout.matchAll(/^ {2}vault write (\S+) (\w+)=(\d+)$/gm)]
  t.equal(commands.length, 3)
  for (const [, path = '', field = '', value] of commands.slice(0, 1)) {
    t.ok((await api('POST', path, { [field]: Number(value) })).status < 300)
  }
  t.same(states(await json('list', 'old')), ['retired', 'previous', 'active'])
  t.match(await json('retire', 'old', '2'), { changed: true })
  for (const [, path = '', field = '', value] of commands.slice(1)) {
    t.equal((await api('POST', path, { [field]: Number(value) }, token)).status, 403, 'not for the operator')
    t.ok((await api('POST', path, { [field]: Number(value) })).status < 300)
  }
  t.same(states(await json('list', 'old')), ['active'])
})

t.test('files and profiles that are not there, or are something else', async (t) => {
  t.match(await run(['list', 'nowhere']), { exitCode: 1, stderr: /There is no profile nowhere/ })
  const file = join(vault.dir, 'notes')
  await writeFile(file, 'my notes')
  t.match(await run(['export', 'shop', '--out', file]), { exitCode: 1, stderr: /it is left alone/ })
  t.equal(await readFile(file, 'utf8'), 'my notes')
  const missing = await run(['export', 'shop', '--out', join(vault.dir, 'no', 'file')])
  t.match(missing, { exitCode: 1, stderr: /cannot be written \(ENOENT\)/ })
  const same = join(vault.dir, 'v2.pem')
  t.match(await run(['export', 'shop', '2', '--out', same]), { exitCode: 0 }, 'the same again is no fault')
  const bad = ['rollback', 'shop', '--instance', 'not an address']
  t.match(await run(bad), { exitCode: 2, stderr: /An instance is an http or https URL/ })
})

t.test('as a program: help and exit codes', async (t) => {
  const env = { PATH: process.env.PATH, VAULT_ADDR: vault.address, VAULT_TOKEN: token, HOME: vault.dir }
  const padlock = (...args: string[]) => padlockProcess(['key', ...args], env)
  t.match(await padlock('--help'), { exitCode: 0, stdout: /rollback.*\n[\s\S]*Exit codes: 0 done/ })
  t.match(await padlock('activate', '--help'), { exitCode: 0, stdout: /--acknowledged/ })
  t.match(await padlock('list', 'shop'), { exitCode: 0, stdout: /previous/ })
  t.equal((await padlock('list', 'UPPER')).exitCode, 2)
  t.equal((await padlock('list')).exitCode, 2)
  t.equal((await padlock('activate', 'shop')).exitCode, 2)
  t.equal((await padlock('activate', 'shop', '0')).exitCode, 2)
  t.equal((await padlock('list', 'nowhere')).exitCode, 1)
  const away = { ...env, VAULT_ADDR: 'http://127.0.0.1:9' }
  t.equal((await padlockProcess(['key', 'list', 'shop'], away)).exitCode, 3)
})
