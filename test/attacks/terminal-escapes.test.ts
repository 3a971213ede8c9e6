import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { confirm } from '../../src/cli/confirm.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { padlockProcess } from '../support/key-command.ts'
import { profileCommands } from '../support/profiles.ts'
import { type CommandOutcome, runCommandLine, runOnTerminal } from '../support/terminal.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'

/**
 * What a terminal obeys (CSI and OSC, also as C1), what turns or hides text (bidi, zero width, a tag, a private
 * character), line ends that forge a line, and a lone surrogate.
 */
const hostile =
  'a\u001b[2J\u001b]0;owned\u0007\u009b31m\u009d0;x\u009c\u202eb\u2066\u2028\u2029\u200b\u00ad\ufeff\ue000\u{e0041}\u007f\b\r\nFORGED: done\n\ud800z'
/** The same for what is UTF-8, which has no lone surrogate. */
const text = hostile.replace('\ud800', '')

const commands = await profileCommands(t)
const { vault, env, put, stored, newKey, create } = commands
const file = async (name: string, content: string) => {
  const path = join(vault.dir, name)
  await writeFile(path, content)
  return path
}

/** A server that answers everything with one body. */
async function answering(status: number, body: unknown): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

// A profile in which every text that may be free is hostile, and one with such a field name.
await create('odd')
const { data: good } = await stored('odd')
const [[thumbprint, key]] = Object.entries(good.recipientKeys) as [[string, object]]
const odd = {
  ...good,
  ...{ issuer: text, activatedAt: text, activatedBy: text, changedBy: text },
  recipientKeys: { [thumbprint]: { ...key, addedAt: text, addedBy: text } },
  ...{
    callers: [text],
    userIdPlaceholders: [text],
    allowedUserIds: [text],
    jwsHeader: { typ: text.slice(0, 64) },
  },
}
await put('odd', odd)
await put('odd', { ...odd, callers: [`${text}2`] })
await put('bad', { ...good, [text]: 1 })
const { file: otherKey } = await newKey()

const instance = await answering(503, {
  components: { profiles: { refreshSeconds: 0, entries: [{ name: 'odd', keyVersion: 7, error: text }] } },
})
const problem = await answering(400, {
  code: 'invalid_request',
  detail: text,
  requestId: text,
  errors: [{ pointer: text, code: text, detail: text }],
})
const issued = await answering(200, {
  ...{ token: text, auditId: text, keyVersion: text, expiresAt: text, expiresIn: text, issuedAt: text },
})
const refusing = await vaultStandIn(t, vault.address)
refusing.answer = () => ({ status: 400, body: { errors: [text] } })

const caller = await file('caller.jwt', 'a.b.c')
const userId = await file('user-id', 'customer-8714')
const auditId = Buffer.alloc(32, 7).toString('base64url')
const at = new Date(Date.now() - 600_000).toISOString()
const issuedLine = {
  ...{ event: 'issued', time: at, profile: text, sub: text, auditId, key: text, keyVersion: 1 },
  ...{ correlationId: text, requestId: text, instance: text },
}
const issuanceLog = await file('issuance.log', `${JSON.stringify(issuedLine)}\n`)
const clear = Buffer.from(auditId, 'base64url').toString('base64')
const entry = (path: string, request: object) =>
  ['request', 'response'].map((type) => ({
    ...{ type, time: at, auth: { display_name: text, entity_id: text, metadata: { role_name: text } } },
    request: {
      ...{ id: `${text}${path}`, operation: `update${text}`, path, remote_address: text, ...request },
      headers: { 'x-correlation-id': [text] },
    },
    response: { data: { batch_results: [{ key_version: 1 }] } },
  }))
const auditLog = await file(
  'audit.log',
  [
    ...entry('transit/sign/padlock-odd/sha2-256', {
      data: { prehashed: true, batch_input: [{ input: clear }] },
    }),
    ...entry(`transit/keys/padlock-${text}/rotate`, {}),
    ...entry(`sys/policies/acl/${text}`, {}),
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join(''),
)
const named = await file(`log-${text.replaceAll('/', '')}`, '')

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jws = [
  part({ alg: text, typ: text, [text]: text }),
  part({ iss: text, exp: 1, aud: text, 'https://iadvize.com/userId': text, [text]: { [text]: [text] } }),
  'AAAA',
].join('.')
const token = await file('token', jws)
const settings = await file('settings.json', JSON.stringify({ ...good, [text]: text }))
const brokenSettings = await file('broken.json', `{"${text.replaceAll('\n', '')}": `)

const logs = ['--log', auditLog, '--issuance-log', issuanceLog]
const ask = ['--user-id-file', userId, '--caller-token-file', caller]
/** Each input: what carries the text, the command, variables of its own. */
const inputs: [name: string, args: string[], variables?: NodeJS.ProcessEnv][] = [
  ['activatedBy and activatedAt', ['key', 'list', 'odd']],
  ['an issuer in a mail', ['key', 'export', 'odd']],
  ['activatedAt, nothing to change', ['key', 'rollback', 'odd', '1']],
  ['an error of an instance', ['key', 'rollback', 'odd', '1', '--instance', instance, '--wait', '1s']],
  [
    'an error of an instance, PADLOCK_INSTANCES',
    ['key', 'retire', 'odd', '1'],
    { PADLOCK_INSTANCES: instance },
  ],
  ['issuer and changedBy in a list', ['profile', 'list']],
  ['all fields of a profile', ['profile', 'show', 'odd']],
  ['all fields of an earlier version', ['profile', 'show', 'odd', '--version', '2']],
  ['a history', ['profile', 'show', 'odd', '--history']],
  ['addedBy and addedAt', ['recipient', 'list', 'odd']],
  ['a diff of a new recipient key', ['recipient', 'add', 'odd', otherKey, '--dry-run']],
  ['a diff of lists', ['profile', 'update', 'odd', '--set', 'callers=["x"]', '--dry-run']],
  ['a value from an argument', ['profile', 'update', 'odd', '--set', `issuer=${text}2`, '--dry-run']],
  ['effects of an allowed id', ['profile', 'update', 'odd', '--set', 'allowedUserIds=["null"]', '--dry-run']],
  ['a rollback', ['profile', 'rollback', 'odd', '--to', '2', '--dry-run']],
  ['a deletion', ['profile', 'delete', 'odd', '--dry-run']],
  ["an unknown field's name, validate", ['profile', 'validate']],
  ["an unknown field's name, show", ['profile', 'show', 'bad']],
  ["an unknown field's name, update", ['profile', 'update', 'bad', '--set', 'jti=true', '--dry-run']],
  ["an unknown field's name, key", ['key', 'list', 'bad']],
  ["an unknown field's name, recipient", ['recipient', 'list', 'bad']],
  ["an unknown field's name in a file", ['profile', 'validate', '--from', settings]],
  ['a file that is no JSON', ['profile', 'validate', '--from', brokenSettings]],
  ['sub and all of an issuance line, find', ['audit', 'find', auditId, ...logs]],
  [
    'sub of an issuance line, a log without the call',
    ['audit', 'find', auditId, '--log', named, '--issuance-log', issuanceLog],
  ],
  ["names and paths of Vault's audit log", ['audit', 'reconcile', '--since', '1h', ...logs]],
  ["a log's name that does not exist", ['audit', 'find', auditId, '--log', join(vault.dir, text)]],
  ["a log's name", ['audit', 'reconcile', '--since', '1h', '--log', named, '--issuance-log', issuanceLog]],
  ["a server's refusal", ['token', 'issue', 'default', ...ask], { PADLOCK_URL: problem }],
  ["a server's answer", ['token', 'issue', 'default', ...ask], { PADLOCK_URL: issued }],
  ["a token's header and claims", ['token', 'inspect', '--token-file', token]],
  ["a token's claims in clear", ['token', 'inspect', '--token-file', token, '--show-claims']],
  ["Vault's words, profile", ['profile', 'list'], { VAULT_ADDR: refusing.address }],
  ["Vault's words, key", ['key', 'list', 'odd'], { VAULT_ADDR: refusing.address }],
  ["Vault's words, recipient", ['recipient', 'list', 'odd'], { VAULT_ADDR: refusing.address }],
  ["Vault's words, audit", ['audit', 'find', auditId, ...logs], { VAULT_ADDR: refusing.address }],
  [
    "Vault's words, setup",
    ['setup', '--issuer', 'x', '--recipient-key', otherKey, '--dry-run'],
    { VAULT_ADDR: refusing.address },
  ],
  ['an issuer in a plan', ['setup', '--issuer', text, '--recipient-key', otherKey, '--dry-run']],
  ['a file for a key that holds something else', ['key', 'export', 'odd', '--out', named]],
  ['a file for a key in no folder', ['key', 'export', 'odd', '--out', join(vault.dir, `${text}/x`)]],
]

const ofProcesses: typeof inputs = [
  ['an unknown command', [text]],
  ['an unknown sub-command', ['profile', text]],
  ['an unknown option', ['profile', 'list', `--${text}`]],
  ['a value of an option', ['profile', 'list', '--kv-mount', text]],
  ['a name', ['profile', 'show', text]],
  ['an argument too many', ['profile', 'show', 'odd', text]],
  ['a value that is no choice, of token', ['token', 'inspect', '--output', text]],
  ['a variable of an option', ['profile', 'list'], { PADLOCK_KV_MOUNT: text }],
  ['a profile in JSON, by the program', ['profile', 'show', 'odd', '--version', '2', '--output', 'json']],
  ['variables of serve', ['serve'], { PADLOCK_PORT: text, PADLOCK_LOG_LEVEL: text, VAULT_ADDR: text }],
]

/** What Padlock itself writes at a terminal: a style, a line of progress; and a line end, as the kernel makes it. */
const own = new RegExp(`${'\u001b'}\\[\\d+m|\r${'\u001b'}\\[K|\r\n`, 'g')
const unprintable = /(?!\n)[\p{C}\u2028\u2029]/u

function check(t: Test, label: string, { stdout, stderr }: CommandOutcome, json: boolean): void {
  t.notMatch(stdout + stderr, unprintable, label)
  t.notMatch(stdout + stderr, /^FORGED/m, `${label}: no forged line`)
  t.not(stdout + stderr, '', `${label}: something is said`)
  if (json && stdout !== '') {
    t.type(JSON.parse(stdout), 'object', `${label}: is JSON`)
  }
}

t.test(`${inputs.length} inputs of commands, each as a table and as JSON`, async (t) => {
  for (const [name, args, variables = {}] of inputs) {
    for (const form of ['table', 'json']) {
      const given = [...args, '--output', form]
      const outcome = await runCommandLine({ ...env, ...variables }, given)
      check(t, `${name}, ${form}`, outcome, form === 'json')
    }
  }
})

t.test(`${ofProcesses.length} inputs of the program: arguments and variables`, async (t) => {
  for (const [name, args, variables = {}] of ofProcesses) {
    const outcome = await padlockProcess(args, { PATH: process.env.PATH, ...env, ...variables })
    check(t, name, outcome, args.includes('json'))
  }
})

t.test('JSON output is the same data: a program reads what Vault holds', async (t) => {
  const { stdout } = await commands.profile(['show', 'odd', '--output', 'json'])
  t.match(stdout, /\\u202e/)
  t.equal(JSON.parse(stdout).settings.activatedBy, text)
})

t.test('a question is printable too', async (t) => {
  const question = async (terminal: Terminal) => void (await confirm(terminal, text))
  check(t, 'a question', await runOnTerminal({}, question, { answer: 'y' }), false)
})

t.test('at a terminal, with colours, nothing but Padlock’s own colours and progress line', async (t) => {
  const main = join(import.meta.dirname, '../../src/main.ts')
  for (const args of [
    'profile list',
    'profile show odd --history',
    'profile validate',
    'key list odd',
    `audit reconcile --since 1h --log '${auditLog}' --issuance-log '${issuanceLog}'`,
  ]) {
    const line = `env TERM=xterm-256color COLORTERM=truecolor '${process.execPath}' '${main}' ${args}`
    const stdout = await new Promise<string>((resolve) => {
      execFile(
        'script',
        ['-qec', line, '/dev/null'],
        { env: { PATH: process.env.PATH, ...env } },
        (_error, out) => resolve(out),
      )
    })
    t.match(stdout, '\u001b[', `${args}: its own`)
    const rest = stdout.replaceAll(own, '')
    t.notMatch(rest, unprintable, args)
  }
})

t.test('no command has another way to the terminal', async (t) => {
  const src = join(import.meta.dirname, '../../src')
  // The service's lines, what listens for readers that go away, and the sentence for an old Node, which loads nothing.
  const others: string[] = []
  const may = new Set(['cli/terminal.ts', 'program.ts', 'lines/standard-output.ts', 'padlock.ts'])
  for (const name of (await readdir(src, { recursive: true })).filter(
    (each) => each.endsWith('.ts') && !may.has(each),
  )) {
    const code = await readFile(join(src, name), 'utf8')
    const parser = /^cli\/(old-)?command\.ts$/.test(name) ? '' : '|new Command\\('
    if (new RegExp(`process\\.(stdout|stderr)\\b|\\bconsole\\.\\w+\\(${parser}`).test(code)) {
      others.push(name)
    }
  }
  t.same(others, [])
})
