import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { inspectToken } from '../../src/inspection/inspect.ts'
import { checkedTokenRequest } from '../../src/token/claims.ts'
import { issueToken } from '../../src/token/issue.ts'
import { findOnPath } from '../../tools/vault/executable.ts'
import { tokenParts } from '../support/token-parts.ts'

// Tokens of other libraries, right and broken, before `inspect`; and Padlock's tokens before other libraries.

// Packages and modules come from their registries the first time.
const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'padlock-interop-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

const parts = await tokenParts()
const { profile, signer, signingKey, recipientKey } = parts
const recipientPem = profile.recipientKeys[profile.activeRecipientKey]?.publicKey as string
const publicKey = profile.pinnedKey.publicKey
const privatePem = (key: typeof signingKey) => key.export({ type: 'pkcs8', format: 'pem' })
const visitorData = { firstName: 'Zoé', address: '9 rue Nina Simone\n44000 Nantes' }
const issued = await issueToken(
  checkedTokenRequest({ userId: 'customer-8714', visitorData }, profile.userIdRules),
  profile,
  signer,
  Date.now(),
  { deadline: performance.now() + 10_000 },
)
const claims = {
  iss: 'https://shop.test',
  exp: Math.floor(Date.now() / 1000) + 600,
  'https://iadvize.com/userId': 'customer-8714',
}
const request = JSON.stringify({
  keys: {
    recipientPublic: recipientPem,
    recipientPrivate: privatePem(recipientKey),
    customerPrivate: privatePem(signingKey),
    customerPublic: publicKey.export({ type: 'spki', format: 'pem' }),
  },
  claims: JSON.stringify(claims),
  token: issued.token,
})

/** Each token that a library makes, and the faults that `inspect` names. */
const expected: Record<string, string[]> = {
  good: [],
  'RSA-OAEP': ['jwe_oaep_sha1'],
  RSA1_5: ['jwe_alg'],
  A128GCM: ['jwe_enc'],
  'A256CBC-HS512': ['jwe_enc'],
  zip: ['jwe_zip'],
  'no cty': ['cty_missing'],
  'JSON serialization': ['json_serialization'],
  'not encrypted': ['not_encrypted'],
  'not signed': ['plain_claims'],
  'encrypted twice': ['nested_twice'],
  PS256: ['signature_pss'],
  HS256: ['symmetric_signature'],
  ES256: ['jws_alg'],
}

/** Runs a library's program on the request, and checks its tokens and what it reads in Padlock's. */
async function check(t: Test, command: string, args: string[]): Promise<void> {
  const running = run(command, args)
  running.child.stdin?.end(request)
  const { tokens, read } = JSON.parse((await running).stdout)
  t.strictSame(Object.keys(tokens).sort(), Object.keys(expected).sort())
  for (const [name, codes] of Object.entries(expected)) {
    const { faults, verdict } = await inspectToken(
      tokens[name],
      { recipientKey, publicKeys: [publicKey] },
      Date.now(),
    )
    t.strictSame(
      faults.map(({ code }) => code),
      codes,
      name,
    )
    if (name === 'good') {
      t.equal(verdict, 'accepted')
    }
  }
  t.match(read, {
    jwe: { alg: 'RSA-OAEP-256', cty: 'JWT' },
    jws: { alg: 'RS256' },
    claims: {
      iss: profile.issuer,
      exp: Date.parse(issued.expiresAt) / 1000,
      'https://iadvize.com/userId': 'customer-8714',
      'https://iadvize.com/visitorData': { firstName: 'Zoé', address: '9 rue Nina Simone\n44000 Nantes' },
    },
  })
}

t.test("Python's jwcrypto", async (t) => {
  const source = join(import.meta.dirname, 'python')
  const python = join(folder, 'venv/bin/python')
  await run('python3', ['-m', 'venv', join(folder, 'venv')])
  const install = [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--require-hashes',
    '--only-binary=:all:',
  ]
  await run(python, ['-m', 'pip', ...install, '--requirement', join(source, 'requirements.txt')])
  await check(t, python, [join(source, 'tokens.py')])
})

const go = await findOnPath('go', process.env)
const skip =
  go === undefined && 'no Go on PATH: `make vault` needs it, a machine that has a Vault may lack it'

t.test('go-jose', { skip }, async (t) => {
  // The user's own flags and workspace must not change what is built.
  const own = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' }
  const program = join(folder, 'go-tokens')
  const cwd = join(import.meta.dirname, 'go')
  await run(go as string, ['build', '-o', program, '.'], { cwd, env: { ...process.env, ...own } })
  await check(t, program, [])
})
