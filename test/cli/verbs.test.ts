import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parseRecipientKey } from '../../src/keys/recipient-key.ts'
import { loggedService } from '../support/audit.ts'
import { jwe, jws, keys } from '../support/handmade-token.ts'
import { documentedShapes, shapePaths, valuePaths } from '../support/json-shape.ts'
import { testBackend } from '../support/service.ts'
import { runCommandLine } from '../support/terminal.ts'
import { allVerbs, hasOption, tableRow } from '../support/verbs.ts'

// Every verb, run in every way that all share, and compared with docs/command-line.md.

const page = await readFile(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8')
const shapes = documentedShapes(page)
const verbs = await allVerbs()
const backend = await testBackend(t)
const { vault } = backend
const vaultEnv = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken, HOME: vault.dir }
const nowhere = 'http://127.0.0.1:9'

const file = (name: string) => join(vault.dir, name)

/** What a verb's row in the page must say. */
const rows: string[] = []
/** the documented fields that a real output had, by the row's shape */
const seen = new Map([...shapes.values()].map((shape) => [shape, new Set<string>()]))

/** How many calls of Vault's log changed something. */
async function changes(): Promise<number> {
  const lines = (await readFile(vault.auditLog, 'utf8')).trim().split('\n')
  const isChange = ({ type, request }: { type: string; request: { operation: string; path: string } }) =>
    type === 'request' &&
    !['read', 'list', 'help'].includes(request.operation) &&
    !/^sys\/audit-hash\/|\/lookup$|^auth\/token\/lookup-self$/.test(request.path)
  return lines.filter((line) => isChange(JSON.parse(line))).length
}

interface Runs {
  args?: readonly string[]
  /** what only somebody else can tell, as an option */
  proof?: readonly string[]
  input?: string
  env?: NodeJS.ProcessEnv
  /** more arguments that end with an exit code, after the run that is done */
  more?: readonly [code: number, args: readonly string[], env?: NodeJS.ProcessEnv][]
  /** what it prints is for a program: no line is broken */
  isScript?: boolean
  /** the row of the table of JSON; the verb's path, where nothing is said */
  shape?: string
}

/** A line of text at a terminal: what was drawn over is gone. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is given.
const shown = (text: string) => text.replace(/[^\n]*\r\u001b\[K/g, '')

/** The lines that are too wide, though they could have been broken. */
const wideLines = (text: string, columns: number) =>
  shown(text)
    .split('\n')
    .filter((line) => line.length > columns && /\S +\S/.test(line))

/** Runs a verb in all ways that verbs share; what it printed as JSON when it was done. */
async function run(path: string, runs: Runs = {}) {
  const { args = [], proof = [], input = '', env = {}, more = [], isScript = false, shape = path } = runs
  const verb = verbs.get(path)
  const documented = shapes.get(shape)
  if (verb === undefined || documented === undefined) {
    throw new Error(`${path} is no verb, or ${shape} is not in the page`)
  }
  const isChange = hasOption(verb, '--dry-run')
  const asksVault = hasOption(verb, '--kv-mount') || hasOption(verb, '--transit-mount')
  const codes = new Set<number>()
  let wanted = ''
  const command = async (
    code: number,
    given: readonly string[],
    variables: NodeJS.ProcessEnv = {},
    columns?: number,
  ) => {
    const all = [...path.split(' '), ...args, ...given]
    if (columns !== undefined) {
      process.env.NO_COLOR = '1'
    }
    const outcome = await runCommandLine({ ...vaultEnv, ...env, ...variables }, all, {
      input,
      ...(columns && { columns }),
    })
    delete process.env.NO_COLOR
    codes.add(outcome.exitCode)
    t.equal(outcome.exitCode, code, `${all.join(' ')}: ${outcome.stderr}`)
    return outcome
  }
  const json = (stdout: string) => {
    const value = JSON.parse(stdout)
    const known = shapePaths(documented)
    const paths = valuePaths(value, documented)
    t.strictSame(
      paths.filter((name) => !known.includes(name)),
      [],
      `${path}: fields that the page does not have`,
    )
    for (const name of paths) {
      seen.get(documented)?.add(name)
    }
    return value
  }
  const yes = isChange ? [...proof, '--yes'] : []

  t.ok(hasOption(verb, '--output') && verb.options.some(({ short }) => short === '-o'), `${path} has -o`)
  t.equal((await command(2, ['--nonsense'])).stdout, '')
  if (isChange) {
    const unasked = await command(2, [], { VAULT_ADDR: nowhere })
    t.equal(unasked.stdout, '')
    wanted = /give (--.*)\.\n$/.exec(unasked.stderr)?.[1] ?? unasked.stderr
    const before = await changes()
    t.equal(json((await command(0, ['--dry-run', '-o', 'json'])).stdout).dryRun, true)
    const outcome = await command(0, ['--dry-run'], {}, 60)
    t.notMatch(shown(outcome.stdout + outcome.stderr), '\u001b', `${path} --dry-run: NO_COLOR`)
    t.match(outcome.stdout, 'Dry run: nothing was changed.', path)
    t.strictSame(wideLines(outcome.stdout + outcome.stderr, 60), [], `${path} --dry-run`)
    t.equal(await changes(), before, `${path} --dry-run changes nothing`)
  } else {
    const before = await changes()
    const outcome = await command(0, [], {}, 60)
    t.notMatch(shown(outcome.stdout + outcome.stderr), '\u001b', `${path}: NO_COLOR`)
    t.strictSame(isScript ? [] : wideLines(outcome.stdout + outcome.stderr, 60), [], path)
    if (asksVault) {
      t.equal(await changes(), before, `${path} changes nothing`)
    }
  }
  if (asksVault) {
    t.match(await command(3, yes, { VAULT_ADDR: nowhere }), { stdout: '', stderr: /VAULT_ADDR/ })
    t.match(await command(1, yes, { VAULT_TOKEN: 'nobody' }), { stdout: '', stderr: /is without / })
  }
  const outcome = await command(0, [...yes, '-o', 'json'])
  t.notMatch(outcome.stdout + outcome.stderr, '\u001b', `${path}: no colour without a terminal`)
  const done = json(outcome.stdout)
  for (const [code, given, variables] of more) {
    const { stdout } = await command(code, [...yes, ...given, '-o', 'json'], variables)
    if (stdout !== '') {
      json(stdout)
    }
  }
  if (shape === path) {
    rows.push(tableRow(path, verb, wanted, codes))
  }
  return done
}

const recipient = ['--recipient-key', file('recipient.pub')]
const { recipientKey } = backend
await writeFile(file('recipient.pem'), recipientKey.export({ type: 'pkcs8', format: 'pem' }))
const spki = createPublicKey(recipientKey).export({ type: 'spki', format: 'pem' })
await writeFile(file('recipient.pub'), spki)
const issuer = ['--issuer', 'https://shop.test']

t.test('version, completion', async () => {
  await run('version')
  await run('completion', { args: ['bash'], isScript: true })
})

t.test('setup', async (t) => {
  const files = ['--role-id-out', file('role-id'), '--secret-id-out', file('secret-id')]
  const report = await run('setup', { args: ['--profile', 'web', ...issuer, ...recipient, ...files] })
  t.equal(report.changed, true)
})

let issuance: { since: number; until: number; log: string; issuedAt: string }

t.test('token issue, and caller inspect', async () => {
  const service = await loggedService(t, backend)
  const caller = await backend.callers.token({ nbf: 1_700_000_000 }, { kid: 'k', typ: 'JWT' })
  await sleep(10)
  const since = Date.now()
  const env = { PADLOCK_URL: service.url, PADLOCK_CALLER_TOKEN: caller }
  const away = { PADLOCK_URL: nowhere }
  const issued = await run('token issue', {
    ...{ args: ['default'], input: 'customer-8714', env },
    more: [
      [1, [], { PADLOCK_CALLER_TOKEN: 'x' }],
      [3, [], away],
    ],
  })
  await writeFile(file('token'), issued.token)
  const ofService = Object.fromEntries(
    Object.entries(backend.env).filter(([name]) => name.startsWith('PADLOCK_CALLER_')),
  )
  const other = { PADLOCK_CALLER_AUDIENCE: 'other' }
  await run('caller inspect', { input: caller, env: ofService, more: [[1, [], other]] })

  service.process.kill('SIGTERM')
  await once(service.process, 'exit')
  issuance = { since, until: Date.now() + 20, log: service.issuanceLog, issuedAt: issued.issuedAt }
  await sleep(50)
  // An entry that is no change: the log covers all that was before.
  await vault.api('GET', 'auth/token/lookup-self')
})

t.test('audit, and token inspect', async (t) => {
  const { since, until } = issuance
  const log = ['--log', vault.auditLog]
  const issuanceLog = ['--issuance-log', issuance.log]
  const token = ['--token-file', file('token')]
  await writeFile(file('other-token'), jwe(jws()))
  await writeFile(file('other.pem'), keys.recipient.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const keyFile = ['--recipient-key', file('recipient.pem')]
  const time = (ms: number) => new Date(ms).toISOString()
  const found = await run('audit find', {
    args: [...log, ...issuanceLog, ...token, ...keyFile],
    more: [[1, ['--token-file', file('other-token'), '--recipient-key', file('other.pem')]]],
  })
  t.equal(found.found, true)
  const [{ profile }] = found.issued
  t.equal(profile, 'default')
  await run('audit reconcile', {
    args: ['--since', time(since), '--until', time(until), ...log, ...issuanceLog],
    more: [[1, ['--since', '1h', '--until', time(until)]]],
  })
  await run('audit subject', { args: issuanceLog, input: 'customer-8714', more: [[1, ['--profile', 'web']]] })

  await run('key export', { args: ['default', '1', '--out', file('v1.pem')] })
  await run('token inspect', {
    args: [...token, ...keyFile, '--public-key', file('v1.pem'), '--at', issuance.issuedAt],
    more: [[1, ['--at', '2040-01-01T00:00:00Z']]],
  })
})

t.test('profile', async () => {
  await run('profile create', {
    args: ['shop', ...issuer, ...recipient],
    more: [[1, []]],
  })
  await run('profile update', { args: ['shop', '--set', 'tokenTtlSeconds=90'] })
  await run('profile list')
  await run('profile show', { args: ['shop'] })
  await run('profile show', { args: ['shop', '--history'], shape: 'profile show --history' })
  await run('profile rollback', { args: ['shop', '--to', '1'] })
  await vault.api('POST', 'secret/data/padlock/profiles/broken', { data: { issuer: 1 } })
  await run('profile validate', { args: ['shop'], more: [[1, ['broken']]] })
  await vault.api('DELETE', 'secret/data/padlock/profiles/broken')
  await run('profile delete', { args: ['shop'], proof: ['--confirm', 'shop'] })
})

t.test('recipient', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { pem, thumbprint, fingerprint } = parseRecipientKey(
    publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  )
  await writeFile(file('other.pub'), pem)
  await run('recipient add', { args: ['web', file('other.pub')] })
  const before = (await run('recipient list', { args: ['web'] })).recipientKeys[0].thumbprint
  await run('recipient activate', { args: ['web', thumbprint], proof: ['--fingerprint', fingerprint] })
  await run('recipient remove', { args: ['web', before] })
})

t.test('key', async () => {
  const { fingerprint } = await run('key stage', { args: ['web', '2'] })
  const proof = ['--acknowledged', fingerprint]
  const away = ['--instance', nowhere, '--wait', '1s']
  await run('key activate', { args: ['web', '2'], proof, more: [[1, away]] })
  await run('key rollback', { args: ['web'] })
  await run('key list', { args: ['web'] })
  // A version that no profile has signed with: whose tokens live on, time would tell.
  await vault.api('POST', 'transit/keys/padlock-fresh', { type: 'rsa-2048' })
  await vault.api('POST', 'transit/keys/padlock-fresh/rotate')
  const made = ['profile', 'create', 'fresh', '--key-version', '2', ...issuer, ...recipient, '--yes']
  t.equal((await runCommandLine(vaultEnv, made)).exitCode, 0)
  await run('key retire', { args: ['fresh', '1'] })
})

t.test('the page has the row of every verb, and no field that no output had', async (t) => {
  // The service has no result.
  const others = ['serve']
  const ran = rows.map((row) => /^\| `([a-z]+(?: [a-z]+)?)/.exec(row)?.[1])
  t.strictSame([...ran].sort(), [...verbs.keys()].filter((path) => !others.includes(path)).sort())
  const [, table = ''] = /^\| command \| options .*\n.*\n((?:\|.*\n)*)/m.exec(page) ?? []
  t.equal(table, `${rows.sort().join('\n')}\n`)
  for (const [command, shape] of shapes) {
    const had = seen.get(shape)
    t.strictSame(
      shapePaths(shape).filter((name) => !had?.has(name)),
      [],
      `${command}: fields of the page that no output had`,
    )
  }
})
