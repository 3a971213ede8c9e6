import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { profileCommands } from '../../support/profiles.ts'

const commands = await profileCommands(t)
const { recipient, json, vault, stored, newKey } = commands
const vendorFile = join(import.meta.dirname, '../../vectors/iadvize-public-key.txt')
const vendor = {
  thumbprint: 'QspNamaz04P1Fh1DKF1IUvMLLiYJHmQhECR3ue0eJGU',
  fingerprint: 'sha256:ILHrw82GKGyYkRhqivSKmXnh8+LKRg5Ar4Wwprv3RFo',
}
await commands.create('shop')
const first = (await stored('shop')).data.activeRecipientKey as string

t.test('a key is listed with what an operator compares, and who added it', async (t) => {
  const { recipientKeys } = await json(recipient, ['list', 'shop'])
  t.match(recipientKeys, [
    { thumbprint: first, state: 'active', bits: 2048, fingerprint: /^sha256:.{43}$/, addedBy: 'token' },
  ])
  t.match(recipientKeys[0].addedAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.same(Object.keys(recipientKeys[0]), ['thumbprint', 'state', 'fingerprint', 'bits', 'addedAt', 'addedBy'])
  const table = await recipient(['list', 'shop'])
  t.match(table, { exitCode: 0, stdout: /^STATE +THUMBPRINT +FINGERPRINT +BITS +ADDED +BY\nactive +/ })
  t.match(await recipient(['list', 'none']), { exitCode: 1, stderr: /There is no profile none/ })
})

t.test("the vendor's published key is added, and tokens do not go to it yet", async (t) => {
  const before = await stored('shop')
  const dry = await recipient(['add', 'shop', vendorFile, '--dry-run'])
  t.match(dry, {
    exitCode: 0,
    stdout: new RegExp(`\\+ +recipientKeys.${vendor.thumbprint} +RSA of 2048 bits`),
  })
  t.same(await stored('shop'), before)
  t.match(await recipient(['add', 'shop', vendorFile]), { exitCode: 2, stderr: /--yes/ }, 'nobody to ask')
  t.match(await recipient(['add', 'shop', vendorFile], { answer: 'n' }), { exitCode: 1 })
  t.same(await stored('shop'), before)

  const report = await json(recipient, ['add', 'shop', vendorFile, '--yes'])
  t.match(report, { profile: 'shop', dryRun: false, changed: true, version: before.version + 1 })
  t.same(
    report.changes.map(({ path }: { path: string }) => path),
    [`/recipientKeys/${vendor.thumbprint}`],
  )
  const after = await stored('shop')
  t.equal(after.data.activeRecipientKey, first)
  t.match(after.data.recipientKeys[vendor.thumbprint], {
    publicKey: /^-----BEGIN PUBLIC KEY/,
    addedBy: 'token',
  })
  t.match(await recipient(['add', 'shop', vendorFile, '--yes']), { exitCode: 0, stdout: /Nothing to change/ })
  t.equal((await stored('shop')).version, after.version, 'the second time, nothing is written')
})

t.test('a key comes from standard input, as text or as DER', async (t) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
  await commands.create('forms')
  const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }))
  t.equal((await recipient(['add', 'forms', '-', '--yes'], { input: jwk })).exitCode, 0)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const again = await recipient(['add', 'forms', '-', '--yes'], { input: der })
  t.match(again, { exitCode: 0, stdout: /Nothing to change/ }, 'the same key')
  const certificate = await readFile(join(import.meta.dirname, '../../vectors/recipient-certificate.pem'))
  t.equal((await recipient(['add', 'forms', '-', '--yes'], { input: certificate })).exitCode, 0)
  const { recipientKeys } = await json(recipient, ['list', 'forms'])
  t.same(recipientKeys.map(({ bits }: { bits: number }) => bits).sort(), [2048, 2048, 3072])
})

t.test('a private key is refused loudly, is not echoed, and reaches neither Vault nor its log', async (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const file = join(vault.dir, 'oops.pem')
  await writeFile(file, pem)
  const before = await stored('shop')
  for (const outcome of [
    await recipient(['add', 'shop', file, '--yes']),
    await recipient(['add', 'shop', '-', '--yes', '--output', 'json'], { input: pem }),
    await recipient(['add', 'shop', '-', '--yes'], {
      input: privateKey.export({ type: 'pkcs8', format: 'der' }),
    }),
  ]) {
    t.match(outcome, { exitCode: 1, stderr: /PRIVATE key: treat it as compromised/, stdout: '' })
    t.notOk(outcome.stderr.includes((pem.split('\n')[1] as string).slice(0, 12)))
  }
  // The text of a key where a file's name belongs is not repeated either.
  const argument = await recipient(['add', 'shop', pem, '--yes'])
  t.match(argument, { exitCode: 2, stderr: "unknown option '…'" })
  const body = pem.replace(/-----.*-----/g, '').trim()
  const name = await recipient(['add', 'shop', body, '--yes'])
  t.match(name, { exitCode: 2, stderr: /The key cannot be read \(E(NAMETOOLONG|NOENT)\)/ })
  t.notMatch(argument.stderr + name.stderr, body.slice(0, 12))
  t.same(await stored('shop'), before)
})

t.test('keys that must not be used', async (t) => {
  const spki = (bits: number) =>
    generateKeyPairSync('rsa', { modulusLength: bits })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
  const { publicKey } = generateKeyPairSync('ed25519')
  const own = (await vault.api('GET', 'transit/keys/padlock-shop')).body.data.keys[1].public_key
  for (const [input, reason] of [
    [spki(1024), /2,048 bits is the least/],
    [publicKey.export({ type: 'spki', format: 'pem' }).toString(), /another type/],
    ['hello', /no public key/],
    [own, /own signing key/],
  ] as [string, RegExp][]) {
    t.match(await recipient(['add', 'shop', '-', '--yes'], { input }), { exitCode: 1, stderr: reason })
  }
  const missing = await recipient(['add', 'shop', join(vault.dir, 'none'), '--yes'])
  t.match(missing, { exitCode: 2, stderr: /cannot be read \(ENOENT\)/ })
})

t.test('a key is activated only for its fingerprint, which --yes does not answer', async (t) => {
  const before = await stored('shop')
  const refusals: [string[], object, number, RegExp][] = [
    [['--yes'], {}, 2, /give --fingerprint; --yes does not stand in for it/],
    [['--yes', '--fingerprint', `sha256:${'A'.repeat(43)}`], {}, 1, /no such recipient key/],
    [['--yes', '--fingerprint', 'ILHrw82GKGyYkRhqivSKmXnh8'], {}, 2, /43 characters/],
    [[vendor.thumbprint, '--yes', '--fingerprint', `sha256:${'A'.repeat(43)}`], {}, 1, /not the fingerprint/],
    [[], { answer: `sha256:${'A'.repeat(43)}` }, 1, /not the fingerprint/],
    [[], { answer: '' }, 2, /43 characters/],
    [['--fingerprint', vendor.fingerprint], { answer: 'n' }, 1, /Nothing was changed/],
  ]
  for (const [args, given, exitCode, stderr] of refusals) {
    t.match(await recipient(['activate', 'shop', ...args], given), { exitCode, stderr }, args.join(' '))
  }
  t.same(await stored('shop'), before)

  const typed = await recipient(['activate', 'shop'], { answer: vendor.fingerprint })
  t.match(typed, { exitCode: 0, stdout: new RegExp(`Tokens of shop go to ${vendor.thumbprint}`) })
  t.notMatch(typed.stdout + typed.stderr, vendor.fingerprint, 'it is not there to be copied')
  t.match((await stored('shop')).data, { activeRecipientKey: vendor.thumbprint, changedBy: 'token' })
  t.ok(Object.hasOwn((await stored('shop')).data.recipientKeys, first), 'the old one is kept')

  const again = await recipient(['activate', 'shop', '--yes', '--fingerprint', vendor.fingerprint])
  t.match(again, { exitCode: 0, stdout: /Nothing to change/ })
})

t.test('passed in a script, with the padding that openssl writes', async (t) => {
  const keys = (await json(recipient, ['list', 'shop'])).recipientKeys
  const old = keys.find(({ thumbprint }: { thumbprint: string }) => thumbprint === first)
  const report = await json(recipient, ['activate', 'shop', '--yes', '--fingerprint', `${old.fingerprint}=`])
  t.match(report, {
    changed: true,
    changes: [{ path: '/activeRecipientKey', from: vendor.thumbprint, to: first }],
  })
})

t.test('the active key is not removed; another one is', async (t) => {
  t.match(await recipient(['remove', 'shop', first, '--yes']), { exitCode: 1, stderr: /is the active key/ })
  t.match(await recipient(['remove', 'shop', 'x'.repeat(43), '--yes']), { exitCode: 1, stderr: /no such/ })
  t.match(await recipient(['remove', 'shop', vendor.fingerprint, '--yes']), {
    exitCode: 0,
    stdout: /Removed/,
  })
  t.same(Object.keys((await stored('shop')).data.recipientKeys), [first])
  t.match(await recipient(['remove', 'shop', vendor.thumbprint, '--yes']), { exitCode: 1 }, 'a second time')
  t.match(await recipient(['activate', 'shop'], { answer: 'x' }), {
    exitCode: 1,
    stderr: /no other recipient key/,
  })
})

t.test('with several keys in reserve it must be said which', async (t) => {
  await commands.create('many')
  const keys = [await newKey(), await newKey()]
  for (const { file } of keys) {
    await recipient(['add', 'many', file, '--yes'])
  }
  const [one, other] = keys as [(typeof keys)[0], (typeof keys)[0]]
  t.match(await recipient(['activate', 'many'], { answer: one.fingerprint }), {
    exitCode: 2,
    stderr: /Say which key.*2 that are not active/,
  })
  t.match(await recipient(['activate', 'many', one.thumbprint], { answer: other.fingerprint }), {
    exitCode: 1,
  })
  t.match(await recipient(['activate', 'many', one.thumbprint], { answer: one.fingerprint }), { exitCode: 0 })
  t.equal((await stored('many')).data.activeRecipientKey, one.thumbprint)
})

t.test('a key that somebody put there by hand, and that is none', async (t) => {
  await commands.create('hand')
  const { data } = await stored('hand')
  const odd = 'B'.repeat(43)
  await commands.put('hand', { ...data, recipientKeys: { ...data.recipientKeys, [odd]: { publicKey: 'x' } } })
  t.match(await json(recipient, ['list', 'hand']), {
    recipientKeys: [{ state: 'active' }, { thumbprint: odd, fingerprint: null, bits: null, addedBy: null }],
  })
  const args = ['activate', 'hand', odd, '--yes', '--fingerprint', `sha256:${'A'.repeat(43)}`]
  t.match(await recipient(args), { exitCode: 1, stderr: /not usable/ })
  t.match(await recipient(['remove', 'hand', odd, '--yes']), { exitCode: 0 })
})
