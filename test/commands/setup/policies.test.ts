import { createHash } from 'node:crypto'
import t from 'tap'
import { operatorToken } from '../../support/key-command.ts'
import { steadyTokens, testSetUp } from '../../support/set-up.ts'
import { testVault } from '../../support/vault.ts'
import { until } from '../../support/wait.ts'

const vault = await testVault(t)
const { api } = vault
const { setup, profile, making, files, serve } = await testSetUp(vault)

const policyPath = 'sys/policies/acl/padlock-signer'
const policy = async (): Promise<string> => (await api('GET', policyPath)).body.data.policy
const signerToken = async (): Promise<string> =>
  (await api('POST', 'auth/token/create', { policies: ['padlock-signer'] })).body.auth.client_token

/** Asks Vault for a signature as the service does, but for the form of the version. */
async function sign(version: unknown, key = 'padlock-default'): Promise<number> {
  const input = createHash('sha256').update('a.b').digest('base64')
  const parameters = { prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws' }
  const body = { ...parameters, key_version: version, batch_input: [{ input }] }
  return (await api('POST', `transit/sign/${key}/sha2-256`, body, await signerToken())).status
}

/** The signing path of version 0.1's policy. */
const earlierPath = `path "transit/sign/padlock-*" {
  capabilities        = ["update"]
  required_parameters = ["signature_algorithm", "prehashed", "key_version"]
  allowed_parameters = {
    "signature_algorithm"  = ["pkcs1v15"]
    "prehashed"            = [true]
    "marshaling_algorithm" = ["jws"]
    "key_version"          = []
    "input"                = []
    "batch_input"          = []
  }
}
`

await setup([...making, ...files('first'), '--yes'])
const operator = await operatorToken(vault)
const current = await policy()
await api('PUT', policyPath, {
  policy: current.replace(/^path "transit\/sign\/.*?^\}\n/ms, () => earlierPath),
})
const service = await serve(t, 'first')
const statusOf = async (name: string) => (await service.issue({ userId: 'u-1' }, { profile: name })).status

t.test('an upgrade: the service first, the policy second, and not one token fails', async (t) => {
  t.equal(await sign(1), 200, 'the earlier policy takes numbers')
  t.equal(await statusOf('default'), 200, 'and the strings of this version')
  const traffic = steadyTokens(service)
  const dryRun = await setup(['--policies-only', '--dry-run'])
  t.match(dryRun, { exitCode: 0, stdout: /^Vault .*: 1 change\n.*update +policy +padlock-signer .*Dry run/s })
  t.match(dryRun.stderr, /First run this version of Padlock everywhere/)
  t.equal(await sign(1), 200, 'a dry run changes nothing')
  t.match(await setup(['--policies-only', '--yes']), { exitCode: 0, stdout: /Done: 1 change/ })
  t.equal(await policy(), current)
  t.equal(await statusOf('default'), 200)
  t.strictSame(Object.keys(await traffic.end()), ['200'])
  t.equal(await sign('1'), 200)
  t.equal(await sign(1), 403, 'a number, as earlier versions send it, is refused: so they go first')
  t.match(await setup(['--policies-only', '--yes']), { exitCode: 0, stdout: /Nothing to change/, stderr: '' })
  t.match(await setup(['--yes']), { exitCode: 0, stdout: /Nothing to change/ })
})

const command = /An administrator runs `padlock setup --policies-only`\./

t.test('a profile that an operator makes signs once an administrator has run the set-up', async (t) => {
  const create = ['create', 'shop', ...making, '--yes']
  const seen = await profile([...create, '--dry-run'])
  t.match(seen.stderr, /policy does not name that key/, 'an administrator’s token can tell')
  t.match(seen.stderr, command)
  const made = await profile(create, operator)
  t.match(made, { exitCode: 0, stderr: /which this token cannot read/ })
  t.match(made.stderr, command)
  await until(async () => (await statusOf('shop')) === 503)
  const answer = await service.issue({ userId: 'u-1' }, { profile: 'shop' })
  t.match(await answer.json(), { code: 'vault_denied' })
  t.equal(await statusOf('default'), 200, 'the other profile is not concerned')
  await until(() => service.log.some(({ msg }) => /padlock setup --policies-only/.test(msg)))

  const below = async (path: string) =>
    (await api('POST', `transit/keys/padlock-shop/${path}`, {}, operator)).status
  t.equal(await below('csr'), 200, 'the glob in the operator’s policy covers all that is below its key')
  const report = JSON.parse((await setup(['--policies-only', '--yes', '--output', 'json'])).stdout)
  t.match(report.steps, [
    { name: 'padlock-signer', state: 'update', detail: /may sign with padlock-shop too/ },
    { name: 'padlock-operator', state: 'update', detail: /has paths for padlock-shop too/ },
  ])
  t.equal(await below('csr'), 403, 'and that ends once the service signs with it')
  t.equal(await below('rotate'), 200)
  t.strictSame(report.notes, [])
  t.notOk('profile' in report || 'signingKey' in report)
  await until(async () => (await statusOf('shop')) === 200)
  t.equal(await statusOf('default'), 200)
  const known = await profile(['create', 'shop-2', ...making, '--key', 'padlock-shop', '--dry-run'])
  t.notMatch(known.stderr, 'administrator', 'its key is in the policy already')
})

t.test('a deleted profile’s key may sign until an administrator has run the set-up', async (t) => {
  const outcome = await profile(['delete', 'shop', '--confirm', 'shop', '--yes'], operator)
  t.match(outcome, {
    exitCode: 0,
    stderr: /The service may sign with padlock-shop until an administrator runs/,
  })
  t.equal(await sign('1', 'padlock-shop'), 200)
  const done = await setup(['--policies-only', '--yes'])
  t.match(done, {
    exitCode: 0,
    stdout: /no longer with padlock-shop.*no longer for padlock-shop/s,
    stderr: /can no longer sign with padlock-shop/,
  })
  t.equal(await sign('1', 'padlock-shop'), 403)
  t.equal(await sign('1'), 200)
  const back = await profile(['rollback', 'shop', '--yes'], operator)
  t.match(back, { exitCode: 0, stderr: command }, 'bringing it back asks for the same')
  t.match(await setup(['--policies-only', '--yes']), {
    exitCode: 0,
    stdout: /may sign with padlock-shop too/,
  })
})

t.test('a set-up for one profile keeps the keys of all others', async (t) => {
  t.match(await setup(['--yes']), { exitCode: 0, stdout: /Nothing to change/ })
  t.match(await setup([...making, '--profile', 'desk', '--yes']), { exitCode: 0 })
  for (const key of ['padlock-default', 'padlock-shop', 'padlock-desk']) {
    t.equal(await sign('1', key), 200, key)
  }
})

t.test('a profile that is not valid keeps the key that its instances go on with', async (t) => {
  const before = await policy()
  const path = 'secret/data/padlock/profiles/shop'
  const { data } = (await api('GET', path)).body.data
  const broken = [{ issuer: 1 }, {}, [], 'text', { ...data, signingKey: 7 }, { ...data, issuer: '' }]
  for (const value of broken) {
    await api('POST', path, { data: value })
    t.match(
      await setup(['--policies-only', '--yes']),
      { exitCode: 0, stdout: /Nothing to change/ },
      JSON.stringify(value).slice(0, 40),
    )
  }
  t.equal(await policy(), before)
  await api('POST', path, { data })
})

t.test('what an operator writes as the name of a key never gets into a policy', async (t) => {
  const before = await policy()
  const path = 'secret/data/padlock/profiles/evil'
  const { data } = (await api('GET', 'secret/data/padlock/profiles/shop')).body.data
  const names = [
    ...[
      'other',
      '*',
      '+',
      '',
      'padlock-*',
      'padlock-+',
      'padlock-a/none',
      'padlock-a/../other',
      '../keys/padlock-a',
      'PADLOCK-A',
    ],
    ...[
      'padlock-a" {}\npath "sys/*',
      'padlock-a\n',
      'padlock-a"',
      'padlock-\u0000',
      'padlock-a\\',
      'padlock-$&',
      `padlock-${'a'.repeat(80)}`,
    ],
  ]
  for (const signingKey of names) {
    await api('POST', path, { data: { ...data, signingKey } })
    t.match(
      await setup(['--policies-only', '--yes']),
      { exitCode: 0, stdout: /Nothing to change/ },
      JSON.stringify(signingKey),
    )
  }
  t.equal(await policy(), before)
  t.comment(`${names.length} inputs`)
  await api('DELETE', 'secret/metadata/padlock/profiles/evil')
})

t.test('where a profile cannot be read, no policy is written without its key', async (t) => {
  const before = await policy()
  await api('PUT', 'sys/policies/acl/half-admin', {
    policy: `path "*" { capabilities = ["create", "read", "update", "list", "sudo"] }
      path "secret/data/padlock/profiles/shop" { capabilities = ["deny"] }`,
  })
  const { client_token: token } = (await api('POST', 'auth/token/create', { policies: ['half-admin'] })).body
    .auth
  const outcome = await setup(['--policies-only', '--yes'], token)
  t.match(outcome, { exitCode: 1, stderr: /Reading the profiles.*denied/ })
  t.equal(await policy(), before)
  t.match(
    await setup(['--policies-only', '--yes'], operator),
    { exitCode: 1, stderr: /denied/ },
    'nor by an operator',
  )
})

t.test('--policies-only makes nothing else, and takes no option for anything else', async (t) => {
  for (const option of [
    ...[
      ['--issuer', 'x'],
      ['--profile', 'shop'],
      ['--role-name', 'x'],
      ['--no-approle'],
      ['--key', 'padlock-x'],
    ],
    ...[
      ['--secret-id-out', 'x'],
      ['--new-secret-id'],
      ['--new-subject-key'],
      ['--ttl', '60'],
      ['--wrap-ttl', '1m'],
    ],
  ]) {
    t.match(
      await setup(['--policies-only', ...option, '--yes']),
      { exitCode: 2, stderr: /cannot be used with/ },
      option.join(' '),
    )
  }
  t.match(await setup(['--policies-only', '--kv-mount', 'none', '--yes']), {
    exitCode: 1,
    stderr: /There is no KV store at none/,
  })
})
