import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { operatorClient } from '../../src/cli/operator-client.ts'
import { checkedConfig } from '../../src/commands/serve/checked-config.ts'
import { cleanValue } from '../../src/config/clean-value.ts'
import { ConfigError, loadConfig, namesFile, unknownVariables } from '../../src/config/config.ts'
import { ConfigSchema } from '../../src/config/schema.ts'
import { credential } from '../../src/vault/login/credential.ts'
import { configProblems, goodEnv } from '../support/config.ts'

/* Values as files, images and platforms hand them over: what can mean nothing is taken away, the rest is named. */

const dir = await mkdtemp(join(tmpdir(), 'padlock-variables-'))
t.teardown(() => rm(dir, { recursive: true, force: true }))
const names = Object.keys(ConfigSchema.properties)
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }

/** Around a value, and nothing of it. */
const around: [what: string, (value: string) => string][] = [
  ['a line end', (value) => `${value}\n`],
  ['a line end of Windows', (value) => `${value}\r\n`],
  ['spaces', (value) => `  ${value} `],
  ['a tab', (value) => `\t${value}\t`],
  ['no-break space', (value) => `\u00a0${value}\u00a0`],
  ['a byte-order mark', (value) => `\ufeff${value}`],
  ['double quotes', (value) => `"${value}"`],
  ['single quotes', (value) => `'${value}'`],
  ['quotes and white space', (value) => ` "${value}" \n`],
  ['white space inside quotes', (value) => `" ${value}\n"`],
]
const wrong: [what: string, (value: string) => string][] = [
  ['a carriage return', (value) => `${value}\r`],
  ['a carriage return inside', (value) => `${value[0]}\r${value.slice(1)}`],
  ['a carriage return inside quotes', (value) => `"${value}\r"`],
  ['a line end inside', (value) => `${value[0]}\n${value.slice(1)}`],
  ['a NUL byte', (value) => `${value}\0`],
  ['an escape', (value) => `\u001b[1m${value}`],
  ['a bell', (value) => `${value}\u0007`],
  ['DEL', (value) => `${value}\u007f`],
  ['a C1 control', (value) => `${value}\u0085x`],
  ['zero width', (value) => `${value}\u200b`],
  ['a direction', (value) => `\u202e${value}`],
  ['a line separator', (value) => `${value[0]}\u2028${value.slice(1)}`],
  ['a byte that was no UTF-8', (value) => `${value}\ufffd`],
  ['a quote at its start', (value) => `"${value}`],
  ['a quote at its end', (value) => `${value}'`],
  ['quotes of a text processor', (value) => `\u201c${value}\u201d`],
]

t.test('white space and quotes around a value are taken away', async (t) => {
  const values = {
    ...goodEnv,
    VAULT_ADDR: 'https://vault.test',
    PADLOCK_PORT: '3001',
    PADLOCK_KV_MOUNT: 'kv',
  }
  const plain = loadConfig(values)
  for (const [what, put] of around) {
    const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, put(value)]))
    t.strictSame({ ...loadConfig(given) }, { ...plain }, what)
    t.equal(cleanValue(put('a b')), 'a b', what)
  }
})

t.test('what is certainly wrong is refused by name, in every variable, and not repeated', async (t) => {
  for (const [what, put] of wrong) {
    const problems = configProblems(Object.fromEntries(names.map((name) => [name, put('Canary7f3a')])))
    for (const name of names) {
      const lines = problems.filter((problem) => problem.startsWith(`${name} `))
      t.match(lines, [/ (holds|begins with|ends with) /], `${name}: ${what}`)
    }
    t.notMatch(problems.join('\n'), /Canary7f3a/)
  }
  t.strictSame(configProblems({ ...goodEnv, PADLOCK_ISSUANCE_LOG: 'stdout\r' }), [
    'PADLOCK_ISSUANCE_LOG holds a carriage return: the file it comes from may have line ends of Windows',
  ])
})

t.test('commands refuse them too, and take white space away', async (t) => {
  for (const name of ['VAULT_ADDR', 'VAULT_CACERT', 'VAULT_NAMESPACE', 'VAULT_TLS_SERVER_NAME']) {
    await t.rejects(operatorClient({ VAULT_TOKEN: 'x', [name]: 'https://x\r' }), {
      ...{ exitCode: 2, message: `${name} holds a carriage return` },
    })
  }
})

t.test(
  'a credential from a file: white space goes, what no credential holds is refused by name',
  async (t) => {
    const file = join(dir, 'secret-id')
    for (const [text, secret] of [
      ['abc', 'abc'],
      ['abc\n', 'abc'],
      ['abc\r\n', 'abc'],
      ['\ufeffabc \n\n', 'abc'],
    ] as const) {
      await writeFile(file, text)
      t.equal(await credential('X_FILE', undefined, file), secret)
    }
    for (const [text, reason] of [
      ['', /The file of X_FILE is empty/],
      [' \n', /is empty/],
      ['abc\ndef\n', /holds a line end/],
      ['abc\r\ndef', /carriage return/],
      ['a\0b\0c\0', /UTF-16/],
      ['\u001b[0mabc', /control/],
      ['abc\u200bdef', /invisible/],
      ['"abc"', /quotation mark/],
    ] as const) {
      await writeFile(file, text)
      await t.rejects(credential('X_FILE', undefined, file), { code: 'vault_unavailable', message: reason })
    }
    await t.rejects(credential('X_FILE', undefined, join(dir, 'none')), {
      ...{ code: 'vault_unavailable', message: 'The file of X_FILE cannot be read (ENOENT).' },
    })
  },
)

t.test('what Kubernetes sets for a Service is named, or passed over', async (t) => {
  t.match(configProblems({ ...goodEnv, PADLOCK_PORT: 'tcp://10.0.0.1:3000' }), [
    /^PADLOCK_PORT must be integer: Kubernetes sets it .*enableServiceLinks: false/,
  ])
  const links = {
    PADLOCK_SERVICE_HOST: '10.0.0.1',
    PADLOCK_SERVICE_PORT: '3000',
    PADLOCK_SERVICE_PORT_HTTP: '3000',
    PADLOCK_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
    PADLOCK_PORT_3000_TCP_ADDR: '10.0.0.1',
    PADLOCK_REDIS_PORT: 'tcp://10.0.0.2:6379',
    PADLOCK_REDIS_PORT_6379_TCP_PROTO: 'tcp',
  }
  t.strictSame(unknownVariables({ ...links, PADLOCK_CALER_ISSUER: 'x' }), ['PADLOCK_CALER_ISSUER'])
})

t.test('switches are read in any case', async (t) => {
  for (const value of ['true', 'True', 'TRUE', ' tRuE\n', '"true"']) {
    t.equal(
      loadConfig({ ...goodEnv, PADLOCK_ALLOW_INSECURE_VAULT: value }).PADLOCK_ALLOW_INSECURE_VAULT,
      true,
    )
  }
  for (const value of ['yes', '1', 'on']) {
    t.equal(configProblems({ ...goodEnv, PADLOCK_ALLOW_INSECURE_VAULT: value }).length, 1, value)
  }
})

t.test('every variable of a file is known as one', async (t) => {
  const files = names.filter(namesFile)
  t.equal(files.length, 20)
  for (const name of files) {
    t.match((ConfigSchema.properties as never)[name], { description: /\S/ }, name)
  }
})

const problemsOf = (env: NodeJS.ProcessEnv): Promise<readonly string[]> =>
  checkedConfig(env).then(
    () => [],
    (error: unknown) => {
      if (error instanceof ConfigError) {
        return error.problems
      }
      throw error
    },
  )

t.test('a file that is missing is told for each variable, all at once', async (t) => {
  const none = join(dir, 'none')
  const env: NodeJS.ProcessEnv = { ...goodEnv, ...endpoint, PADLOCK_ISSUANCE_LOG: join(none, 'log') }
  for (const name of names.filter(namesFile)) {
    env[name] = none
  }
  const problems = await problemsOf(env)
  for (const name of names.filter(namesFile)) {
    t.ok(problems.includes(`${name} cannot be read (ENOENT)`), name)
  }
  t.ok(problems.includes('PADLOCK_ISSUANCE_LOG cannot be opened (ENOENT)'))
})

t.test('ten mistakes in one start are ten lines', async (t) => {
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), text)
    return join(dir, name)
  }
  await mkdir(join(dir, 'folder'))
  const closed = await file('closed', 'x')
  await chmod(closed, 0o000)
  const env = {
    PADLOCK_PORT: 'tcp://10.0.0.1:3000',
    PADLOCK_LOG_LEVEL: 'loud',
    VAULT_ADDR: 'vault:8200',
    VAULT_CACERT: await file('ca.pem', 'no certificate'),
    PADLOCK_VAULT_ROLE_ID_FILE: join(dir, 'none'),
    PADLOCK_VAULT_SECRET_ID_FILE: await file('empty', '\n'),
    PADLOCK_CALLER_PUBLIC_KEY_FILE: join(dir, 'folder'),
    PADLOCK_CALLER_ISSUER: 'https://issuer.test\r',
    PADLOCK_REDIS_URL_FILE: await file('redis-url', 'http://redis'),
    PADLOCK_ISSUANCE_LOG: join(dir, 'none', 'issuance.log'),
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    PADLOCK_CALLER_AUDIENCE: 'padlock',
  }
  const { code, stderr } = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const words = ['src/main.ts', 'serve']
    const options = {
      cwd: join(import.meta.dirname, '../..'),
      env: { PATH: process.env.PATH, ...env } as NodeJS.ProcessEnv,
    }
    const child = execFile(process.execPath, words, options, (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    )
  })
  t.equal(code, 2)
  const lines = stderr.trimEnd().split('\n').slice(1)
  for (const name of Object.keys(env).filter((name) => name !== 'PADLOCK_CALLER_AUDIENCE')) {
    t.equal(lines.filter((line) => new RegExp(`^ {2}(the file of )?${name} `).test(line)).length, 1, name)
  }
  t.equal(lines.length, 11)
  t.notMatch(stderr, /vault_denied/)
  t.comment(stderr)
})
