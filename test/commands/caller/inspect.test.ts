import t from 'tap'
import { callerFaults } from '../../../src/errors.ts'
import { attacks } from '../../support/caller-attacks.ts'
import { audience, issuer } from '../../support/callers.ts'
import { but, good, jwkOf, keySet, other } from '../../support/forged-callers.ts'
import { jwksServer } from '../../support/jwks-server.ts'
import { runCommandLine } from '../../support/terminal.ts'

const issuerKeys = await jwksServer(t, keySet())
const bait = await jwksServer(t, [jwkOf(other.publicKey, 'rsa')])
const env = {
  PADLOCK_CALLER_JWKS_URL: issuerKeys.url,
  PADLOCK_CALLER_ISSUER: issuer,
  PADLOCK_CALLER_AUDIENCE: audience,
}

const run = (input: string, args: readonly string[] = [], variables: NodeJS.ProcessEnv = env) =>
  runCommandLine(variables, ['caller', 'inspect', ...args], { input })
const json = async (input: string, args: readonly string[] = []) =>
  JSON.parse((await run(input, [...args, '--output', 'json'])).stdout)

t.test('a JWT that would be let in is told so, with what it says', async (t) => {
  for (const input of [good(), `${good()}\n`, `Bearer ${good()}\r\n`, `Authorization: Bearer ${good()}`]) {
    const { exitCode, stdout } = await run(input)
    t.equal(exitCode, 0)
    t.match(stdout, 'Padlock would let this caller in.')
    t.notOk(stdout.includes(good().split('.')[2] as string), 'the token is not shown')
  }
  t.match(await json(good(), ['--profile', 'default']), {
    verdict: 'accepted',
    status: 200,
    claims: { iss: issuer },
  })
})

t.test('each token that is not good has its fault, in words, with a fix', async (t) => {
  const faults = new Set<string>()
  for (const [what, authorization] of Object.entries(attacks(bait.url))) {
    if (!/^Bearer /.test(authorization)) {
      continue
    }
    const report = await json(authorization)
    t.match(report, { verdict: 'refused', status: 401, detail: /./, fix: /./ }, what)
    t.ok(callerFaults.includes(report.callerFault), `${what}: ${report.callerFault}`)
    faults.add(report.callerFault)
  }
  t.ok(faults.size >= 13, [...faults].join(', '))
  t.equal(bait.requests, 0)
})

t.test('expected and found are told, and text from the token obeys no terminal', async (t) => {
  t.match(await json(but({ iss: 'https://evil.test' })), {
    ...{ callerFault: 'issuer', expected: issuer, found: 'https://evil.test', fix: /PADLOCK_CALLER_ISSUER/ },
  })
  t.match(await json(but({ aud: ['a'] })), { callerFault: 'audience', expected: audience, found: ['a'] })
  const { stdout, exitCode } = await run(but({ iss: '\u001b[31mred\u202e\nforged line' }))
  t.equal(exitCode, 1)
  for (const bare of ['\u001b', '\u202e', '\nforged']) {
    t.notOk(stdout.includes(bare))
  }
  t.match(stdout, /refuse this caller with 401: issuer\..*expected: .*\n {2}found: .*\n {2}fix: /s)
})

t.test('a scope that lacks the profile is a 403', async (t) => {
  const token = but({ scope: 'issue:other' })
  t.match(await json(token), { verdict: 'accepted' })
  t.match(await json(token, ['--profile', 'default']), {
    ...{
      verdict: 'refused',
      status: 403,
      callerFault: 'scope',
      expected: 'issue:default or issue:*',
      found: 'issue:other',
    },
  })
})

t.test('what the command cannot do is told, with the right exit code', async (t) => {
  t.equal((await run('')).exitCode, 1)
  t.match((await run('')).stdout, 'no_token')
  t.match((await run('ünicode.a.b')).stdout, 'malformed')
  const without = await run(good(), [], { ...env, PADLOCK_CALLER_ISSUER: '' })
  t.equal(without.exitCode, 2)
  t.match(without.stderr, 'PADLOCK_CALLER_ISSUER is required')
  const away = await jwksServer(t)
  away.answer = (_request, response) => void response.writeHead(403).end()
  const unknown = await run(good(), [], { ...env, PADLOCK_CALLER_JWKS_URL: away.url })
  t.equal(unknown.exitCode, 1)
  t.match(unknown.stdout, '503')
  t.match(unknown.stderr, 'the issuer answered 403')
  const file = await run(good(), [], {
    ...env,
    PADLOCK_CALLER_JWKS_URL: '',
    PADLOCK_CALLER_PUBLIC_KEY_FILE: '/none',
  })
  t.equal(file.exitCode, 2)
})
