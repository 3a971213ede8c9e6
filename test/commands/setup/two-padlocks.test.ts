import { readFile } from 'node:fs/promises'
import t from 'tap'
import { steadyTokens, testSetUp } from '../../support/set-up.ts'
import { testVault } from '../../support/vault.ts'

// A set-up for a second Padlock in a Vault must leave the first one as it is: its policies, login, keys and files.

const vault = await testVault(t)
const { api } = vault
const { setup, making, files, serve, profile } = await testSetUp(vault)

const policyNames = ['padlock-signer', 'padlock-operator', 'padlock-auditor']

/** What the first Padlock lives on. */
async function stateOfFirst() {
  const read = async (path: string) => (await api('GET', path)).body.data
  const [, roleIdFile, , secretIdFile] = files('first')
  return {
    policies: await Promise.all(policyNames.map((name) => read(`sys/policies/acl/${name}`))),
    role: await read('auth/approle/role/padlock'),
    key: (await read('transit/keys/padlock-default')).keys,
    profile: await read('secret/data/padlock/profiles/default'),
    files: await Promise.all([roleIdFile, secretIdFile].map((file) => readFile(file as string, 'utf8'))),
  }
}

await setup([...making, ...files('first'), '--yes'])
const first = await serve(t, 'first')
const before = await stateOfFirst()
const traffic = steadyTokens(first)

const mounts = ['--transit-mount', 'b/transit', '--kv-mount', 'b/kv']
const ownPolicies = ['--policy-prefix', 'padlock-b']
const ownRole = ['--role-name', 'padlock-b']

t.test('what would take something of the first is refused, and nothing is made', async (t) => {
  const isOtherPolicy = /The policy padlock-signer belongs to a Padlock on .*--policy-prefix/
  const isOtherLogin = /role approle\/padlock logs in with the policy padlock-signer.*--role-name/
  const cases: [string, string[], RegExp][] = [
    ['other mounts', mounts, isOtherPolicy],
    ['another transit engine', ['--transit-mount', 'b/transit'], /not in Vault/],
    [
      'another transit engine, a new profile',
      ['--transit-mount', 'b/transit', '--profile', 'b'],
      isOtherPolicy,
    ],
    [
      'another KV store',
      ['--kv-mount', 'b/kv'],
      /transit key padlock-default is another Padlock's|belongs to a Padlock/,
    ],
    ['other mounts, own role', [...mounts, ...ownRole], isOtherPolicy],
    ['other mounts, other AppRole method', [...mounts, '--approle-mount', 'b/approle'], isOtherPolicy],
    ['other mounts, no AppRole', [...mounts, '--no-approle'], isOtherPolicy],
    ['own policies, the first one’s role', [...mounts, ...ownPolicies], isOtherLogin],
    ['the same mounts, own policies, the first one’s role', ownPolicies, isOtherLogin],
    [
      'own policies and role, the first one’s key',
      [...ownPolicies, ...ownRole, '--kv-mount', 'b/kv'],
      /Give .*--key/,
    ],
    [
      'all its own but the files',
      [...mounts, ...ownPolicies, ...ownRole, ...files('first')],
      /first-role-id holds a credential of the AppRole role approle\/padlock/,
    ],
    [
      'all its own but the secret_id’s file',
      [...mounts, ...ownPolicies, ...ownRole, ...files('first').slice(2), '--new-secret-id'],
      /first-secret-id holds a credential/,
    ],
    ['only policies, of other mounts', ['--policies-only', ...mounts], /There is no transit engine/],
    ['only policies, of another transit engine', ['--policies-only', '--transit-mount', 'c'], isOtherPolicy],
  ]
  await api('POST', 'sys/mounts/c', { type: 'transit' })
  for (const [name, args, reason] of cases) {
    const profileOptions = args.includes('--policies-only') ? [] : making
    const outcome = await setup([...profileOptions, ...args, '--yes'])
    t.match(outcome, { exitCode: 1, stderr: reason }, name)
    t.same(await stateOfFirst(), before, name)
  }
  const { data } = (await api('GET', 'sys/mounts')).body
  t.notOk('b/transit/' in data || 'b/kv/' in data)
  t.comment(`${cases.length} inputs`)
})

t.test('with policies and a role of its own a second one runs beside it', async (t) => {
  const args = [...making, ...mounts, ...ownPolicies, ...ownRole, ...files('second')]
  t.match(await setup([...args, '--yes']), { exitCode: 0 })
  t.same(await stateOfFirst(), before, 'with a profile of the same name')
  const second = await serve(t, 'second', { PADLOCK_TRANSIT_MOUNT: 'b/transit', PADLOCK_KV_MOUNT: 'b/kv' })
  t.equal((await second.issue({ userId: 'u-1' })).status, 200)
  const also = steadyTokens(second)
  for (const again of [
    [],
    [...mounts, ...ownPolicies, ...ownRole],
    ['--policies-only'],
    ['--policies-only', ...mounts, ...ownPolicies],
  ]) {
    t.match(await setup([...again, '--yes']), { exitCode: 0, stdout: /Nothing to change/ }, again.join(' '))
  }
  t.match(await setup([...making, '--profile', 'more', '--yes']), { exitCode: 0 })
  t.match(await setup([...making, ...mounts, ...ownPolicies, ...ownRole, '--profile', 'more', '--yes']), {
    exitCode: 0,
  })
  t.strictSame(Object.keys(await also.end()), ['200'], 'the second one, during all that')
  const [one, two] = await Promise.all(
    ['padlock', 'padlock-b'].map(
      async (prefix) => (await api('GET', `sys/policies/acl/${prefix}-signer`)).body.data.policy,
    ),
  )
  t.notMatch(one, 'b/')
  t.notMatch(two, '"transit/')
})

t.test('a second role on the same mounts: both may look up their own secret_id', async (t) => {
  const args = ['--role-name', 'padlock-green', ...files('green'), '--yes']
  const outcome = await setup(args)
  t.match(outcome, { exitCode: 0 })
  for (const again of [[], ['--role-name', 'padlock-green'], ['--no-approle'], ['--policies-only']]) {
    t.match(await setup([...again, '--yes']), { exitCode: 0, stdout: /Nothing to change/ }, again.join(' '))
  }
  for (const [name, role] of [
    ['first', 'padlock'],
    ['green', 'padlock-green'],
  ] as const) {
    const [, roleIdFile, , secretIdFile] = files(name)
    const [role_id, secret_id] = await Promise.all(
      [roleIdFile, secretIdFile].map(async (file) => (await readFile(file as string, 'utf8')).trim()),
    )
    const login = await api('POST', 'auth/approle/login', { role_id, secret_id }, '')
    const path = `auth/approle/role/${role}/secret-id/lookup`
    t.equal((await api('POST', path, { secret_id }, login.body.auth.client_token)).status, 200, role)
  }
  await api('DELETE', 'auth/approle/role/padlock-green')
  t.match(await setup(['--policies-only', '--yes']), {
    exitCode: 0,
    stdout: /update +policy +padlock-signer/,
  })
  t.notMatch((await api('GET', 'sys/policies/acl/padlock-signer')).body.data.policy, 'padlock-green')
})

t.test('the commands print the line, and a denial the policy, of this Padlock', async (t) => {
  const line = 'padlock setup --policies-only --transit-mount b/transit --kv-mount b/kv'
  const outcome = await profile(['create', 'third', ...making, ...mounts, '--yes'])
  t.match(outcome.stderr, `\`${line}\` (with its --policy-prefix`)
  const named = await profile(['create', 'fourth', ...making, ...mounts, ...ownPolicies, '--yes'])
  t.match(named.stderr, 'may not sign with padlock-fourth yet', 'which its own policy says')
  t.match(named.stderr, `\`${line} --policy-prefix padlock-b\`.`)
  for (const [args, right] of [
    [[], 'the policy padlock-operator.'],
    [mounts, 'the policy padlock-operator (or that of --policy-prefix).'],
    [[...mounts, ...ownPolicies], 'the policy padlock-b-operator.'],
  ] as [string[], string][]) {
    const denied = await profile(['show', 'third', ...args], 'nobody')
    t.equal(denied.exitCode, 1)
    t.match(denied.stderr, `is without ${right}`)
  }
})

t.test('the first one issued tokens all the time, and does after a new login', async (t) => {
  t.strictSame(Object.keys(await traffic.end()), ['200'])
  const again = await serve(t, 'first')
  t.equal((await again.issue({ userId: 'u-1' })).status, 200)
})
