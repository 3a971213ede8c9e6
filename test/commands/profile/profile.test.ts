import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { profileCommands } from '../../support/profiles.ts'

const commands = await profileCommands(t)
const { profile, recipient, json, vault, stored, create, newKey, put } = commands
const file = (name: string) => join(vault.dir, name)
const key = await newKey()
const making = ['--issuer', 'https://shop.test', '--recipient-key', key.file]

t.test('none yet', async (t) => {
  t.same(await json(profile, ['list']), { profiles: [] })
  t.match(await profile(['list']), { exitCode: 0, stdout: /no profiles/ })
  t.match(await profile(['validate']), { exitCode: 0 })
  for (const args of [
    ['show'],
    ['show', '--history'],
    ['delete', '--confirm', 'none', '--yes'],
    ['rollback', '--yes'],
  ]) {
    const [command = '', ...rest] = args
    t.match(
      await profile([command, 'none', ...rest]),
      { exitCode: 1, stderr: /There is no profile none/ },
      command,
    )
  }
})

t.test('create makes the key, which can never be exported, and the profile', async (t) => {
  const dry = await profile(['create', 'shop', ...making, '--dry-run'])
  t.match(dry, {
    exitCode: 0,
    stdout: /New profile shop:.*Dry run/s,
    stderr: /padlock-shop is made in Vault/,
  })
  t.match(await profile(['create', 'shop', ...making], { answer: 'n' }), { exitCode: 1 })
  t.equal((await vault.api('GET', 'transit/keys/padlock-shop')).status, 404, 'no key before the answer')

  const outcome = await profile([
    'create',
    'shop',
    ...making,
    '--ttl',
    '90s',
    '--add',
    'callers=shop-backend',
    '--yes',
  ])
  t.match(outcome, { exitCode: 0, stdout: /-----BEGIN PUBLIC KEY-----/ })
  t.match((await vault.api('GET', 'transit/keys/padlock-shop')).body.data, {
    ...{ type: 'rsa-2048', exportable: false, allow_plaintext_backup: false, deletion_allowed: false },
  })
  t.match(await stored('shop'), {
    version: 1,
    data: {
      ...{
        issuer: 'https://shop.test',
        signingKey: 'padlock-shop',
        signingKeyVersion: 1,
        tokenTtlSeconds: 90,
      },
      ...{
        activeRecipientKey: key.thumbprint,
        activatedBy: 'token',
        changedBy: 'token',
        callers: ['shop-backend'],
      },
    },
  })
  t.match(await profile(['create', 'shop', ...making, '--yes']), { exitCode: 1, stderr: /exists/ })
  t.match(await profile(['validate', 'shop']), { exitCode: 0, stdout: 'shop: valid\n' })
})

t.test('create adopts a key that is fit, and refuses one that is not', async (t) => {
  await vault.api('POST', 'transit/keys/padlock-old', { type: 'rsa-3072' })
  await vault.api('POST', 'transit/keys/padlock-old/rotate')
  await vault.api('POST', 'transit/keys/padlock-open', { type: 'rsa-2048', exportable: true })
  const adopt = ['create', 'adopted', ...making, '--key', 'padlock-old', '--yes']
  t.match(await profile([...adopt, '--key-version', '3']), { exitCode: 1, stderr: /no version 3/ })
  t.match(await profile([...adopt, '--key-type', 'rsa-2048']), { exitCode: 1, stderr: /is rsa-3072/ })
  t.match(await profile([...adopt, '--key-version', '1']), {
    exitCode: 0,
    stderr: /version 1 of 2 is pinned/,
  })
  t.equal((await stored('adopted')).data.signingKeyVersion, 1)
  const second = await json(profile, ['create', 'second', ...making, '--key', 'padlock-old', '--yes'])
  t.match(second.notes.join('\n'), /signs for adopted too/)
  t.equal((await stored('second')).data.signingKeyVersion, 2)
  const open = await profile(['create', 'open', ...making, '--key', 'padlock-open', '--yes'])
  t.match(open, { exitCode: 1, stderr: /is exportable/ })
})

t.test('what create needs', async (t) => {
  for (const [args, exitCode, stderr] of [
    [['create', 'UPPER', ...making], 2, /lower-case/],
    [['create', 'x', '--issuer', 'x'], 2, /--recipient-key/],
    [['create', 'x', '--recipient-key', key.file, '--yes'], 2, /--issuer/],
    [['create', 'x', ...making, '--key', 'other', '--yes'], 2, /padlock-/],
    [['create', 'x', ...making, '--ttl', '2d', '--yes'], 2, /86400/],
    [['create', 'x', ...making, '--set', 'jti=maybe', '--yes'], 2, /true or false/],
    [['create', 'x', ...making, '--set', 'userIdPattern=(', '--yes'], 2, /does not compile/],
    [['create', 'x', ...making, '--set', 'signingKeyVersion=2', '--yes'], 2, /padlock key/],
  ] as [string[], number, RegExp][]) {
    t.match(await profile(args), { exitCode, stderr }, args.join(' '))
  }
  t.equal((await vault.api('GET', 'transit/keys/padlock-x')).status, 404)
})

t.test('every field can be set, added to, taken from and unset', async (t) => {
  await create('fields')
  const update = (...args: string[]) => json(profile, ['update', 'fields', '--yes', ...args])
  const all = {
    ...{ issuer: 'https://other.test', tokenTtlSeconds: 300, userIdPattern: '[a-z0-9-]+', jti: true },
    ...{ userIdPlaceholders: ['kunde'], allowedUserIds: ['guest'], callers: ['a', 'b=c'] },
    sharedUserId: { share: 0.01, minimum: 50, refuse: true },
    jwsHeader: { kid: true, typ: 'JWT' },
  }
  const report = await update(
    ...[
      '--set',
      'issuer=https://other.test',
      '--set',
      'tokenTtlSeconds=5m',
      '--set',
      'userIdPattern=[a-z0-9-]+',
    ],
    ...['--set', 'jti=true', '--add', 'userIdPlaceholders=kunde', '--add', 'allowedUserIds=guest'],
    ...['--set', 'callers=["a"]', '--add', 'callers=b=c', '--set', 'sharedUserId.share=0.01'],
    ...['--set', 'sharedUserId.minimum=50', '--set', 'sharedUserId.refuse=true'],
    ...['--set', 'jwsHeader.kid=true', '--set', 'jwsHeader.typ=JWT'],
  )
  t.match((await stored('fields')).data, all)
  t.equal(report.changes.length, 12)
  t.match(report.changes[0], { path: '/issuer', from: 'https://shop.test', to: 'https://other.test' })
  const starts = [
    'MERGES',
    'LOCKS OUT',
    'LOCKS OUT',
    'LOCKS OUT',
    'iAdvize',
    'A token',
    'What',
    '"a", "b=c" may',
  ]
  t.match(
    report.notes,
    starts.map((start) => new RegExp(`^${start}`)),
  )
  t.equal(report.notes.length, starts.length)
  await update('--unset', 'sharedUserId', '--unset', 'jwsHeader.kid', '--unset', 'jwsHeader.typ')
  await update(
    '--remove',
    'callers=a',
    '--remove',
    'callers=b=c',
    '--unset',
    'userIdPattern',
    '--unset',
    'jti',
  )
  await update('--unset', 'allowedUserIds', '--remove', 'userIdPlaceholders=kunde')
  const { data } = await stored('fields')
  for (const field of ['sharedUserId', 'jwsHeader', 'callers', 'userIdPattern', 'jti', 'allowedUserIds']) {
    t.notOk(field in data, field)
  }
  t.notOk('userIdPlaceholders' in data)
})

t.test('values that are wrong change nothing', async (t) => {
  const before = await stored('shop')
  for (const [edit, reason] of [
    [['--set', 'tokenTtlSeconds=0'], /tokenTtlSeconds must be >= 1/],
    [['--set', 'tokenTtlSeconds=soon'], /give a time/],
    [['--set', 'issuer='], /issuer/],
    [['--unset', 'issuer'], /issuer/],
    [['--set', 'issuer'], /field=value/],
    [['--unset', 'issuer=x'], /alone/],
    [['--set', 'isuer=x'], /no such field; there are issuer/],
    [['--set', 'sharedUserId.share=2'], /share/],
    [['--set', 'sharedUserId.minimum=many'], /whole number/],
    [['--set', 'callers=a'], /JSON list/],
    [['--add', 'issuer=x'], /no list/],
    [['--remove', 'callers=nobody'], /no such entry/],
    [['--set', 'activeRecipientKey=x'], /padlock recipient/],
    [['--set', 'userIdPattern=(?=x)y'], /userIdPattern does not compile/],
    [[], /Say what to change/],
  ] as [string[], RegExp][]) {
    t.match(
      await profile(['update', 'shop', '--yes', ...edit]),
      { exitCode: 2, stderr: reason },
      edit.join(' '),
    )
  }
  t.same(await stored('shop'), before)
})

t.test('a file: what show printed, changed, comes back', async (t) => {
  await create('filed', ['--add', 'callers=a'])
  const shown = await json(profile, ['show', 'filed'])
  t.same(Object.keys(shown), ['profile', 'version', 'changedAt', 'changedBy', 'settings'])
  shown.settings.tokenTtlSeconds = 120
  delete shown.settings.callers
  await writeFile(file('filed.json'), JSON.stringify(shown))
  const report = await json(profile, ['update', 'filed', '--from', file('filed.json'), '--yes'])
  t.same(report.changes, [
    { path: '/tokenTtlSeconds', from: 60, to: 120 },
    { path: '/callers', from: ['a'] },
  ])
  // It was read from version 1, and version 2 is there now.
  const stale = await profile(['update', 'filed', '--from', file('filed.json'), '--yes'])
  t.match(stale, {
    exitCode: 1,
    stderr: /token has changed the profile filed \(version 2.*Nothing of yours was written/s,
  })
  const bare = JSON.stringify({ issuer: 'https://bare.test', tokenTtlSeconds: 60 })
  t.equal((await profile(['update', 'filed', '--from', '-', '--yes'], { input: bare })).exitCode, 0)
  t.match((await stored('filed')).data, { issuer: 'https://bare.test', signingKey: 'padlock-filed' })
  for (const [input, reason] of [
    ['{', /line 1/],
    ['[]', /JSON object/],
    ['{"issuer":"x","tokenTtlSeconds":60,"signingKeyVersion":7}', /changes signingKeyVersion.*padlock key/],
    ['{"issuer":"x","tokenTtlSeconds":60,"recipientKeys":{}}', /changes recipientKeys.*padlock recipient/],
    ['{"issuer":"x","tokenTtlSeconds":60,"colour":"red"}', /colour/],
  ] as [string, RegExp][]) {
    const outcome = await profile(['update', 'filed', '--from', '-', '--yes'], { input })
    t.match(outcome, { exitCode: 2, stderr: reason }, input)
  }
})

t.test(
  'two operators at once: the second is told what the first has changed, and nothing is lost',
  async (t) => {
    await create('both')
    const slow = await profile(['update', 'both', '--set', 'tokenTtlSeconds=120'], {
      answer: async () => {
        await json(profile, ['update', 'both', '--add', 'callers=theirs', '--yes'])
        return 'y'
      },
    })
    t.match(slow, { exitCode: 1, stderr: /token has changed the profile both \(version 2/ })
    t.match(
      slow.stderr,
      /Nothing of yours was written: look again.*What they changed:\n +\+ +callers +"theirs"/s,
    )
    t.match((await stored('both')).data, { tokenTtlSeconds: 60, callers: ['theirs'] })
    t.equal((await stored('both')).version, 2)
    t.match(
      await profile(['update', 'both', '--set', 'tokenTtlSeconds=120', '--yes']),
      { exitCode: 0 },
      'repeated',
    )
    t.match((await stored('both')).data, { tokenTtlSeconds: 120, callers: ['theirs'] })
  },
)

t.test('six at once: each change is there or was refused', async (t) => {
  await create('crowd')
  const names = Array.from({ length: 6 }, (_, index) => `backend-${index}`)
  const outcomes = await Promise.all(
    names.map((name) => profile(['update', 'crowd', '--add', `callers=${name}`, '--yes'])),
  )
  const done = names.filter((_, index) => outcomes[index]?.exitCode === 0)
  t.ok(done.length > 0)
  for (const { exitCode, stderr } of outcomes.filter(({ exitCode }) => exitCode !== 0)) {
    t.equal(exitCode, 1)
    t.match(stderr, /has changed the profile crowd/)
  }
  const { data, version } = await stored('crowd')
  t.same(data.callers.toSorted(), done.toSorted())
  t.equal(version, 1 + done.length)
})

t.test('one creates and deletes while another one does', async (t) => {
  const other = await newKey()
  const late = await profile(
    ['create', 'race', '--issuer', 'https://mine.test', '--recipient-key', other.file],
    {
      answer: async () => {
        await create('race')
        return 'y'
      },
    },
  )
  t.match(late, { exitCode: 1, stderr: /has changed the profile race/ })
  t.equal((await stored('race')).data.issuer, 'https://shop.test')
  const deleting = await profile(['delete', 'race'], {
    answer: async () => {
      await profile(['update', 'race', '--set', 'jti=true', '--yes'])
      return 'race'
    },
  })
  t.match(deleting, { exitCode: 1, stderr: /has changed the profile race \(version 2.*\+ +jti +true/s })
  t.equal((await stored('race')).data.jti, true, 'what was not seen is not deleted')
  t.match((await json(profile, ['show', 'race', '--history'])).versions.at(-1), { version: 1, state: 'past' })
  const changing = await profile(['update', 'race', '--set', 'jti=false'], {
    answer: async () => {
      await profile(['delete', 'race', '--confirm', 'race', '--yes'])
      return 'y'
    },
  })
  t.match(changing, { exitCode: 1, stderr: /Someone else has deleted the profile race/ })
  t.notOk(
    (await stored('race')).data,
    'KV takes a version after a deleted one: the deletion holds all the same',
  )
})

t.test('delete is for whoever types the name, and rollback undoes it', async (t) => {
  await create('gone', ['--add', 'callers=a'])
  const before = await stored('gone')
  t.match(await profile(['delete', 'gone']), { exitCode: 2, stderr: /--confirm and --yes/ })
  t.match(await profile(['delete', 'gone', '--yes']), { exitCode: 2, stderr: /give --confirm; --yes/ })
  t.match(await profile(['delete', 'gone', '--confirm', 'gone']), { exitCode: 2, stderr: /--yes/ })
  const wrong = ['delete', 'gone', '--confirm', 'shop', '--yes']
  t.match(await profile(wrong), { exitCode: 1, stderr: /not the name/ })
  t.match(await profile(['delete', 'gone'], { answer: 'yes' }), { exitCode: 1, stderr: /not the name/ })
  const declined = await profile(['delete', 'gone', '--confirm', 'gone'], { answer: 'n' })
  t.match(declined, { exitCode: 1, stderr: /Nothing was changed/ })
  t.match(await profile(['delete', 'gone', '--dry-run']), { exitCode: 0, stdout: /nothing was changed/ })
  t.same(await stored('gone'), before)
  const deleted = await profile(['delete', 'gone'], { answer: 'gone' })
  t.match(deleted, { exitCode: 0, stderr: /no visitor of gone gets a token any more/ })
  t.match(await profile(['show', 'gone']), { exitCode: 1, stderr: /was deleted at .*rollback gone/ })
  t.match(await profile(['update', 'gone', '--set', 'jti=true', '--yes']), { exitCode: 1 })
  const names = async (...args: string[]) =>
    (await json(profile, ['list', ...args])).profiles.map((each: { profile: string }) => each.profile)
  t.notOk((await names()).includes('gone'))
  t.ok((await names('--deleted')).includes('gone'))
  t.match(await profile(['rollback', 'gone', '--to', '7', '--yes']), {
    exitCode: 1,
    stderr: /Bring it back first/,
  })
  t.match(await profile(['rollback', 'gone', '--dry-run']), { exitCode: 0, stdout: /Dry run/ })
  t.match(await profile(['rollback', 'gone'], { answer: 'y' }), { exitCode: 0, stdout: /Brought back gone/ })
  t.same(await stored('gone'), before)
})

t.test('rollback takes the settings, and never the pinned version or the recipient', async (t) => {
  await create('back')
  const first = (await stored('back')).data
  const { file: newFile, thumbprint, fingerprint } = await newKey()
  await profile(['update', 'back', '--set', 'tokenTtlSeconds=300', '--add', 'callers=a', '--yes'])
  await recipient(['add', 'back', newFile, '--yes'])
  await recipient(['activate', 'back', '--fingerprint', fingerprint, '--yes'])
  // As `padlock key activate` does.
  await vault.api('POST', 'transit/keys/padlock-back/rotate')
  const pinned = { signingKeyVersion: 2, previousSigningKeyVersion: 1, activatedAt: new Date().toISOString() }
  await put('back', { ...(await stored('back')).data, ...pinned })

  const report = await json(profile, ['rollback', 'back', '--yes'])
  t.match(report.notes.join('\n'), /settings of version 1.*the present ones stay/s)
  t.match((await stored('back')).data, {
    ...{ ...pinned, tokenTtlSeconds: 60, activeRecipientKey: thumbprint, issuer: first.issuer },
  })
  t.notOk('callers' in (await stored('back')).data)
  const again = await profile(['rollback', 'back', '--yes'])
  t.match(again, { exitCode: 1, stderr: /are those of version 1 already/ }, 'run again, it goes no further')
  await json(profile, ['rollback', 'back', '--to', '2', '--yes'])
  t.match(await profile(['rollback', 'back', '--to', '2', '--yes']), {
    exitCode: 0,
    stdout: /Nothing to change/,
  })
  t.match((await stored('back')).data, { ...pinned, tokenTtlSeconds: 300, activeRecipientKey: thumbprint })
  t.match(await profile(['rollback', 'back', '--to', '99', '--yes']), {
    exitCode: 1,
    stderr: /no version 99/,
  })
  t.match(await profile(['rollback', 'back', '--to', '0', '--yes']), { exitCode: 2 })
})

t.test('the history tells when, who and what', async (t) => {
  const { versions } = await json(profile, ['show', 'back', '--history'])
  t.equal(versions[0].state, 'current')
  t.match(versions.at(-1), {
    version: 1,
    state: 'past',
    changedBy: 'token',
    createdAt: /Z$/,
    deletedAt: null,
  })
  t.same(versions.at(-2).changes, [
    { path: '/tokenTtlSeconds', from: 60, to: 300 },
    { path: '/callers', to: ['a'] },
  ])
  const text = await profile(['show', 'back', '--history'])
  t.match(text.stdout, /^version 2 \(past\) {2}\d{4}.*Z {2}by token\n +~ +tokenTtlSeconds +60 -> 300$/m)
  t.match(await json(profile, ['show', 'back', '--version', '1']), {
    version: 1,
    settings: { tokenTtlSeconds: 60 },
  })
  t.match(await profile(['show', 'back', '--version', '99']), { exitCode: 1 })
})

t.test('who changed it is the display name of the token', async (t) => {
  const made = await vault.api('POST', 'auth/token/create', { policies: ['root'], display_name: 'jane' })
  const env = { ...commands.env, VAULT_TOKEN: made.body.auth.client_token }
  await profile(['update', 'shop', '--set', 'jti=true', '--yes'], { env })
  t.equal((await stored('shop')).data.changedBy, 'token-jane')
  const { profiles } = await json(profile, ['list'])
  const shop = profiles.find((each: { profile: string }) => each.profile === 'shop')
  t.match(shop, { state: 'valid', signingKey: 'padlock-shop', tokenTtlSeconds: 90, changedBy: 'token-jane' })
})

t.test('validate finds every fault that keeps the service from signing', async (t) => {
  await create('sick')
  const { data } = await stored('sick')
  const odd = { ...data.recipientKeys, ['B'.repeat(43)]: { publicKey: 'x' } }
  for (const [settings, faults] of [
    [{ ...data, issuer: '', tokenTtlSeconds: 0 }, [/\/issuer/, /\/tokenTtlSeconds/]],
    [
      { ...data, userIdPattern: '(', recipientKeys: odd },
      [/\/userIdPattern/, /\/recipientKeys\/B+: This is no public/],
    ],
    [{ ...data, signingKeyVersion: 7 }, [/no version 7/]],
    [{ ...data, signingKey: 'padlock-nowhere' }, [/does not exist/]],
    [{ ...data, activeRecipientKey: 'C'.repeat(43) }, [/\/activeRecipientKey/]],
    ['nonsense', [/must be object/]],
  ] as [object, RegExp[]][]) {
    if (typeof settings === 'string') {
      await put('sick', { nonsense: true })
    } else {
      await put('sick', settings)
    }
    const outcome = await profile(['validate', 'sick', 'shop', '--output', 'json'])
    t.equal(outcome.exitCode, 1)
    const { valid, profiles } = JSON.parse(outcome.stdout)
    t.equal(valid, false)
    t.match(profiles[1], { profile: 'shop', valid: true, faults: [] })
    if (typeof settings !== 'string') {
      t.match(profiles[0].faults, faults)
    }
  }
  const all = await profile(['validate'])
  t.match(all, { exitCode: 1, stdout: /^shop: valid$/m, stderr: /One profile is not valid/ })
  t.match(all.stdout, /^sick: the profile must have required property 'issuer'$/m, 'one line for each fault')
  t.match(await profile(['update', 'sick', '--set', 'jti=true', '--yes']), {
    exitCode: 1,
    stderr: /is not valid/,
  })
  t.match(await profile(['rollback', 'sick', '--to', '4', '--dry-run']), {
    stderr: /will not sign.*no version 7/,
  })
  t.match(await profile(['rollback', 'sick', '--to', '1', '--yes']), {
    exitCode: 0,
    stderr: /pinned version/,
  })
  t.match(await profile(['validate', 'sick']), { exitCode: 0 })
})

t.test('validate looks at a file by itself', async (t) => {
  const { data } = await stored('shop')
  const input = JSON.stringify(data)
  const env = { PATH: process.env.PATH }
  t.match(await profile(['validate', '--from', '-'], { input, env }), { exitCode: 0, stdout: '-: valid\n' })
  const bad = JSON.stringify({ ...data, tokenTtlSeconds: 1e9 })
  t.match(await profile(['validate', '--from', '-'], { input: bad, env }), {
    exitCode: 1,
    stdout: /tokenTtlSeconds/,
  })
  t.match(await profile(['validate', 'shop', '--from', '-'], { input }), { exitCode: 2 })
})
