import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { jwe, jws, keys, now, pss, rs256, userIdClaim, withClaims } from '../../support/handmade-token.ts'
import { optionArguments, runCommandLine } from '../../support/terminal.ts'

const folder = await mkdtemp(join(tmpdir(), 'padlock-inspect-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const file = (name: string) => join(folder, name)
const write = async (name: string, content: string) => {
  await writeFile(file(name), content)
  return file(name)
}
const privatePem = keys.recipient.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const publicPem = keys.customer.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const publicJwk = (key = keys.customer.publicKey) => key.export({ format: 'jwk' })
const recipientKey = await write('recipient.pem', privatePem)
const publicKey = await write('public.pem', publicPem)
const jwks = await write(
  'jwks.json',
  JSON.stringify({ keys: [publicJwk(), publicJwk(keys.nextVersion.publicKey)] }),
)
const at = new Date(now).toISOString()
const good = jwe(jws())

type Options = Parameters<typeof optionArguments>[0]
const run = (options: Options, input = '') =>
  runCommandLine({}, ['token', 'inspect', ...optionArguments({ at, ...options })], { input })

t.test('a good token, from standard input and from a file', async (t) => {
  const given = { recipientKey, publicKey }
  for (const outcome of [
    await run(given, `${good}\n`),
    await run({ ...given, tokenFile: '-' }, good),
    await run({ ...given, tokenFile: await write('token', `${good}\r\n`) }),
  ]) {
    t.equal(outcome.exitCode, 0)
    t.match(outcome.stdout, /^JWE header +\{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"\}$/m)
    t.match(outcome.stdout, /^verified +yes, with sha256:/m)
    t.match(outcome.stdout, /^expires +2026-01-02T03:05:05.000Z, in 60 seconds$/m)
    t.match(outcome.stdout, 'No fault: the recipient would accept this token.')
    t.equal(outcome.stderr, '')
  }
})

t.test('a fault is one line with its code, and its likely cause is the next', async (t) => {
  const { stdout, exitCode } = await run({ recipientKey, publicKey }, jwe(jws(undefined, undefined, pss)))
  t.equal(exitCode, 1)
  const lines = stdout.split('\n')
  const at = lines.findIndex((line) => line.startsWith('signature_pss: '))
  t.match(lines[at], 'the signature is RSASSA-PSS')
  t.match(lines[at + 1], /^ {2}Likely cause: .*signature_algorithm/)
  t.match(stdout, '1 fault. The recipient would refuse this token.')
})

t.test('what the recipient may accept and breaks a rule is a fault too', async (t) => {
  const { stdout, exitCode } = await run(
    { recipientKey, publicKey },
    withClaims({ [userIdClaim]: 'undefined' }),
  )
  t.equal(exitCode, 1)
  t.match(stdout, '1 fault. The recipient may accept this token, but it breaks a rule.')
})

t.test('without keys it shows the headers, and says what was not checked', async (t) => {
  const { stdout, exitCode } = await run({}, good)
  t.equal(exitCode, 0)
  t.match(stdout, /^decrypted +not checked: give --recipient-key$/m)
  t.match(stdout, 'No fault in what could be checked.')
  t.match((await run({ recipientKey }, good)).stdout, /^verified +not checked: give --public-key or --jwks$/m)
})

t.test('the key that iAdvize has is told from another version in the set', async (t) => {
  const next = jwe(jws(undefined, undefined, rs256(keys.nextVersion.privateKey)))
  t.equal((await run({ recipientKey, jwks }, next)).exitCode, 0, 'any key of the set may verify')
  const { stdout, exitCode } = await run({ recipientKey, jwks, publicKey }, next)
  t.equal(exitCode, 1)
  t.match(stdout, /^signature_wrong_key_version: /m)
})

t.test('personal data is masked unless it is asked for', async (t) => {
  const given = { recipientKey, publicKey }
  for (const output of ['table', 'json'] as const) {
    const masked = await run({ ...given, output }, good)
    t.notMatch(masked.stdout, /customer-8714|Zoé|Nantes/)
    t.match(masked.stdout, '(13 characters)')
    t.match(masked.stdout, 'https://shop.test')
    t.match(
      (await run({ ...given, output, showClaims: true }, good)).stdout,
      /customer-8714[\s\S]*Zoé[\s\S]*Nantes/,
    )
  }
  const replicated = jwe(jws(), {
    header: { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', email: 'zoe@x.test' },
  })
  t.notMatch((await run(given, replicated)).stdout, 'zoe@', 'in a header as well (RFC 7519 §5.3)')
})

t.test('nothing in a token acts on the terminal, or runs on without end', async (t) => {
  const claims = { iss: `\u001b[31m\u009b31m\u202e${'x'.repeat(2_000)}`, '\u001b]0;name\u0007': 1 }
  const { stdout } = await run({ recipientKey, publicKey, showClaims: true }, withClaims(claims))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  t.notMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  t.ok(stdout.length < 3_000)
})

t.test('for programs: the same as JSON', async (t) => {
  const { stdout } = await run(
    { recipientKey, publicKey, output: 'json' },
    withClaims({ exp: now / 1000 - 90 }),
  )
  const report = JSON.parse(stdout)
  t.strictSame(Object.keys(report), ['verdict', 'faults', 'notes', 'jwe', 'jws', 'claims'])
  t.match(report, {
    verdict: 'refused',
    faults: [{ code: 'expired', severity: 'refused' }],
    jwe: { decrypted: true },
  })
  t.match(report.jws, { header: { alg: 'RS256' }, verified: true, verifiedWith: /^sha256:/ })
  const unchecked = JSON.parse((await run({ output: 'json' }, good)).stdout)
  t.match(unchecked, { verdict: 'unverified', jwe: { decrypted: null } })
})

t.test('keys in every form', async (t) => {
  const pkcs1 = keys.recipient.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const jwk = JSON.stringify(keys.recipient.privateKey.export({ format: 'jwk' }))
  const oneLine = pkcs1.replaceAll('\n', '\\n')
  for (const text of [pkcs1, jwk, oneLine, `"${oneLine}"`, pkcs1.replaceAll(/^/gm, '  ')]) {
    t.equal((await run({ recipientKey: await write('key', text), publicKey }, good)).exitCode, 0)
  }
  const der = keys.customer.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const flat = publicPem.replaceAll('\n', '')
  for (const text of [der, JSON.stringify(publicJwk()), `\uFEFF${publicPem}\r\n`, flat, `'${publicPem}'`]) {
    t.equal((await run({ recipientKey, publicKey: await write('key', text) }, good)).exitCode, 0)
  }
})

t.test('wrong usage is exit code 2, and no key or token is in the message', async (t) => {
  const encrypted = keys.recipient.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const small = `{"kty":"RSA","e":"AQAB","n":"${'w'.repeat(171)}"}`
  const cases: [Options, RegExp][] = [
    [{ recipientKey: file('none') }, /^--recipient-key cannot be read \(ENOENT\)/],
    [{ recipientKey: folder }, /^--recipient-key cannot be read \(EISDIR\)/],
    [{ recipientKey: publicKey }, /^--recipient-key is a public key/],
    [{ recipientKey: await write('key1', 'hello') }, /^--recipient-key holds no RSA private key/],
    [
      {
        recipientKey: await write(
          'key7',
          '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----',
        ),
      },
      /^--recipient-key holds no RSA private key/,
    ],
    [{ recipientKey: await write('key2', encrypted) }, /^--recipient-key is protected by a passphrase/],
    [{ publicKey: recipientKey }, /^--public-key holds a private key/],
    [{ publicKey: await write('key3', 'hello') }, /^--public-key holds no public key/],
    [{ publicKey: await write('key4', small) }, /^--public-key is shorter than 2,048 bits/],
    [{ jwks: publicKey }, /^--jwks holds no JWK Set/],
    [{ jwks: await write('key5', '{"keys":[]}') }, /^--jwks holds no JWK Set/],
    [
      {
        jwks: await write(
          'key6',
          JSON.stringify({ keys: [keys.customer.privateKey.export({ format: 'jwk' })] }),
        ),
      },
      /^--jwks holds a private key/,
    ],
    [{ tokenFile: await write('big', 'x'.repeat(65_537)) }, /^--token-file is larger than 64 KiB/],
  ]
  for (const [options, message] of cases) {
    const { exitCode, stdout, stderr } = await run(options, good)
    t.equal(exitCode, 2)
    t.match(stderr, message)
    t.equal(stdout, '')
    t.notMatch(stderr, /BEGIN|eyJ/)
  }
  t.match(await run({}, 'x'.repeat(65_537)), { exitCode: 2, stderr: /too much on standard input/ })
})

/** The program itself. */
const padlock = (args: string[], input: string) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, ['src/main.ts', ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
    child.stdin?.end(input)
  })

t.test('the program: exit codes, help, and no token among its arguments', async (t) => {
  const given = ['token', 'inspect', '--recipient-key', recipientKey, '--public-key', publicKey]
  t.match(await padlock([...given, '--at', '2026-01-02T03:04:05Z'], good), { code: 0, stdout: /No fault/ })
  t.match(await padlock(given, good), { code: 1, stdout: /^expired: /m })
  for (const wrong of [
    [...given, good],
    [...given, '--at', 'noon'],
    [...given, '--output', 'xml'],
    ['token', 'guess'],
  ]) {
    const { code, stdout, stderr } = await padlock(wrong, good)
    t.equal(code, 2)
    t.notMatch(stdout + stderr, good)
  }
  t.match(await padlock(['token', 'inspect', '--help'], ''), {
    code: 0,
    stdout: /Exit codes: 0 no fault found/,
  })
  t.match(await padlock(['token', '--help'], ''), { code: 0, stdout: /issue[\s\S]*inspect/ })
})

t.test('the example of docs/token-inspect.md', async (t) => {
  const text = await readFile('docs/token-inspect.md', 'utf8')
  const [, shown = ''] = /```text report\n(.*?)```/s.exec(text) ?? []
  const claims = { iss: 'https://shop.example', exp: now / 1000 - 180, userId: 8714 }
  const token = jwe(jws(claims, { alg: 'RS256' }, pss))
  const { stdout, exitCode } = await run({ recipientKey, publicKey }, token)
  t.equal(exitCode, 1)
  t.equal(stdout, shown)
})
