import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { openRegularFile, readRegularFileSync } from '../../src/files/regular-file.ts'
import { testBackend } from '../support/service.ts'

// A FIFO, a socket or a device in the place of a file: refused by name, and nothing waits for its other side.

const root = join(import.meta.dirname, '../..')
const backend = await testBackend(t)
const dir = t.testdir({})
const fifo = join(dir, 'fifo')
execFileSync('mkfifo', [fifo])
const socket = join(dir, 'socket')
const server = createServer().listen(socket)
await once(server, 'listening')
t.teardown(() => server.close())
const link = join(dir, 'link')
execFileSync('ln', ['-s', fifo, link])
const specials = { 'a FIFO': fifo, 'a link to a FIFO': link, 'a socket': socket, 'a device': '/dev/zero' }
const token = join(dir, 'token')
await writeFile(token, 'a.b.c.d.e')
const recipientKey = join(import.meta.dirname, '../vectors/iadvize-public-key.txt')

/** Runs a command to its end; one that hangs meets the time limit of the file. */
async function padlock(args: string[], env: Record<string, string>) {
  const run = promisify(execFile)(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: dir, ...env },
  })
  run.child.stdin?.end()
  return run.then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  )
}

const vault = { VAULT_ADDR: backend.vault.address, VAULT_TOKEN: backend.vault.rootToken }
const id = 'a'.repeat(43)
const interval = ['--since', '1h', '--until', '1m']
const padlockCaller = { PADLOCK_CALLER_TOKEN: 'x', PADLOCK_URL: 'http://127.0.0.1:1' }
/** each option of a command that names a file which is read */
const commands: Record<string, { args: (file: string) => string[]; env?: Record<string, string> }> = {
  'audit find --log': { args: (file) => ['audit', 'find', id, '--log', file] },
  'audit find --issuance-log': {
    args: (file) => ['audit', 'find', id, '--log', token, '--issuance-log', file],
  },
  'audit find --token-file': { args: (file) => ['audit', 'find', '--token-file', file, '--log', token] },
  'audit find --recipient-key': {
    args: (file) => ['audit', 'find', '--token-file', token, '--recipient-key', file, '--log', token],
  },
  'audit reconcile --log': {
    args: (file) => ['audit', 'reconcile', ...interval, '--log', file, '--issuance-log', token],
  },
  'audit reconcile --issuance-log': {
    args: (file) => ['audit', 'reconcile', ...interval, '--log', token, '--issuance-log', file],
  },
  'audit subject --issuance-log': { args: (file) => ['audit', 'subject', '--issuance-log', file] },
  'recipient add': { args: (file) => ['recipient', 'add', 'default', file, '--yes'] },
  'profile create --from': {
    args: (file) => ['profile', 'create', 'other', '--from', file, '--recipient-key', recipientKey, '--yes'],
  },
  'setup --recipient-key': {
    args: (file) => ['setup', '--issuer', 'https://shop.test', '--recipient-key', file, '--yes'],
  },
  'key export --out': { args: (file) => ['key', 'export', 'default', '--out', file] },
  'token inspect --token-file': { args: (file) => ['token', 'inspect', '--token-file', file] },
  'token inspect --recipient-key': {
    args: (file) => ['token', 'inspect', '--token-file', token, '--recipient-key', file],
  },
  'token inspect --public-key': {
    args: (file) => ['token', 'inspect', '--token-file', token, '--public-key', file],
  },
  'token inspect --jwks': { args: (file) => ['token', 'inspect', '--token-file', token, '--jwks', file] },
  'token issue --user-id-file': {
    args: (file) => ['token', 'issue', 'default', '--user-id-file', file],
    env: padlockCaller,
  },
  'token issue --visitor-data-file': {
    args: (file) => ['token', 'issue', 'default', '--visitor-data-file', file],
    env: padlockCaller,
  },
  'token issue --caller-token-file': {
    args: (file) => ['token', 'issue', 'default', '--caller-token-file', file],
    env: padlockCaller,
  },
}

// All of them open files by one function. It is given every kind; so are one command and one variable, the others a FIFO.
t.test('the one function that opens files refuses every kind', async (t) => {
  for (const [what, file] of Object.entries(specials)) {
    await t.rejects(openRegularFile(file), { code: 'not a regular file' }, what)
    t.throws(() => readRegularFileSync(file), { code: 'not a regular file' }, what)
  }
})

const kindsFor = (index: number) => Object.entries(specials).slice(0, index === 0 ? undefined : 1)

for (const [index, [name, { args, env }]] of Object.entries(commands).entries()) {
  t.test(`padlock ${name}`, async (t) => {
    for (const [what, file] of kindsFor(index)) {
      const { code, stderr } = await padlock(args(file), { ...vault, ...env })
      t.match(stderr, 'not a regular file', what)
      t.ok(code === 1 || code === 2, `${what}: ${code}`)
    }
  })
}

t.test("Vault's files of a command", async (t) => {
  for (const [what, file] of kindsFor(1)) {
    const env = { ...vault, VAULT_ADDR: 'https://127.0.0.1:1', VAULT_CACERT: file }
    t.match(await padlock(['profile', 'list'], env), { code: 2, stderr: 'not a regular file' }, what)
  }
  execFileSync('mkfifo', [join(dir, '.vault-token')])
  t.match(await padlock(['profile', 'list'], { VAULT_ADDR: vault.VAULT_ADDR }), {
    code: 2,
    stderr: 'No Vault token',
  })
})

/** each variable of the service that names a file; what the service says is on one of its two outputs */
const tls = { PADLOCK_TLS_CERT_FILE: token, PADLOCK_TLS_KEY_FILE: token }
const variables: Record<string, Record<string, string>> = {
  PADLOCK_ISSUANCE_LOG: {},
  PADLOCK_CALLER_PUBLIC_KEY_FILE: {},
  PADLOCK_REDIS_URL_FILE: {},
  PADLOCK_TLS_CERT_FILE: tls,
  PADLOCK_TLS_KEY_FILE: tls,
  PADLOCK_TLS_CLIENT_CA_FILE: tls,
  VAULT_CACERT: {},
  PADLOCK_VAULT_SECRET_ID_FILE: {
    PADLOCK_VAULT_AUTH: 'approle',
    PADLOCK_VAULT_ROLE_ID: 'role',
    VAULT_TOKEN: '',
  },
}
for (const [index, [variable, env]] of Object.entries(variables).entries()) {
  t.test(`serve with ${variable}`, async (t) => {
    for (const [what, file] of kindsFor(index)) {
      const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
        cwd: root,
        env: { PATH: process.env.PATH, ...backend.env, ...env, [variable]: file },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      t.teardown(() => child.kill('SIGKILL'))
      let text = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (part) => {
          text += part
          // A credential is tried again and again, so the service does not end.
          if (text.includes('not a regular file')) {
            child.kill('SIGKILL')
          }
        })
      }
      await once(child, 'close')
      t.match(text, 'not a regular file', what)
    }
  })
}
