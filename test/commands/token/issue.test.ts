import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { acceptedClaims } from '../../support/accepted.ts'
import { testService } from '../../support/service.ts'
import { optionArguments, runCommandLine } from '../../support/terminal.ts'

const service = await testService(t)
const caller = await service.callers.token()
const env = { PADLOCK_URL: service.url, PADLOCK_CALLER_TOKEN: caller }
const file = async (name: string, text: string) => {
  await writeFile(join(service.vault.dir, name), text)
  return join(service.vault.dir, name)
}
type Options = Parameters<typeof optionArguments>[0]
const run = (options: Options, input = 'customer-8714\n', given: NodeJS.ProcessEnv = env) =>
  runCommandLine(given, ['token', 'issue', 'default', ...optionArguments({ output: 'token', ...options })], {
    input,
  })

t.test('a token for the userId of standard input or of a file', async (t) => {
  for (const outcome of [await run({}), await run({ userIdFile: await file('id', 'customer-8714\n') }, '')]) {
    t.match(outcome, { exitCode: 0, stderr: '' })
    const claims = await acceptedClaims(outcome.stdout.trim(), service)
    t.equal(claims['https://iadvize.com/userId'], 'customer-8714')
  }
})

t.test('with visitorData, and the whole answer as JSON or as a table', async (t) => {
  const visitorDataFile = await file('data.json', '{"city":"Nantes"}')
  const { stdout } = await run({ visitorDataFile, output: 'json' })
  const answer = JSON.parse(stdout)
  t.strictSame(Object.keys(answer).sort(), [
    'auditId',
    'expiresAt',
    'expiresIn',
    'issuedAt',
    'keyVersion',
    'token',
  ])
  t.match(await acceptedClaims(answer.token, service), {
    'https://iadvize.com/visitorData': { city: 'Nantes' },
  })
  const table = (await run({ output: 'table' })).stdout
  t.match(table, /^expires +\S+, in 60 seconds\nkey version +1\naudit id +\S{43}\n\neyJ\S+\n$/)
})

t.test("the caller's JWT comes from a file, from a variable, or from what make run wrote", async (t) => {
  const url = { PADLOCK_URL: service.url }
  const callerTokenFile = await file('caller.jwt', `${caller}\n`)
  t.match(await run({ callerTokenFile }, undefined, { ...url, PADLOCK_CALLER_TOKEN: 'x' }), { exitCode: 0 })
  t.match(await run({}, undefined, { ...url, PADLOCK_DEV_CALLER_TOKEN: caller }), { exitCode: 0 })
})

t.test('an id is never repaired: what Padlock refuses is told, and nothing of the id', async (t) => {
  for (const [input, code] of [
    ['undefined\n', 'placeholder'],
    ['customer-8714 \n', 'white space'],
    ['customer-8714\n\n', 'white space'],
    ['', 'empty'],
  ] as const) {
    const { exitCode, stdout, stderr } = await run({}, input)
    t.equal(exitCode, 1)
    t.equal(stdout, '')
    t.match(stderr, /^invalid_request: /)
    t.match(stderr, `/userId`)
    t.match(stderr, code)
    t.match(stderr, /^ {2}Request \S+\.$/m)
    t.notMatch(stderr, /customer-8714|undefined/)
  }
})

t.test('refusals are exit code 1', async (t) => {
  t.match(await run({}, undefined, { ...env, PADLOCK_CALLER_TOKEN: 'abc.def.ghi' }), {
    exitCode: 1,
    stderr: /^unauthenticated: /,
  })
  const narrow = await service.callers.token({ scope: 'issue:other' })
  t.match(await run({}, undefined, { ...env, PADLOCK_CALLER_TOKEN: narrow }), {
    exitCode: 1,
    stderr: /^forbidden: /,
  })
})

t.test('wrong usage is exit code 2, before anything is sent', async (t) => {
  const cases: [Options, NodeJS.ProcessEnv, RegExp][] = [
    [{}, { ...env, PADLOCK_CALLER_TOKEN: '' }, /^No caller's JWT/],
    [{}, { ...env, PADLOCK_CALLER_TOKEN: 'a\nb' }, /^The caller's JWT holds characters/],
    [{}, { ...env, PADLOCK_URL: 'ftp://x' }, /^PADLOCK_URL must be/],
    [{}, { ...env, PADLOCK_URL: 'https://u:p@x' }, /^PADLOCK_URL must have no user/],
    [{}, { ...env, PADLOCK_URL: 'http://padlock.example' }, /plain HTTP off the loopback/],
    [{ callerTokenFile: '/none' }, env, /^--caller-token-file cannot be read/],
    [{ visitorDataFile: await file('bad.json', '{') }, env, /^--visitor-data-file is not JSON/],
    [{ userIdFile: '/none' }, env, /^--user-id-file cannot be read/],
  ]
  for (const [options, given, message] of cases) {
    const outcome = await run(options, 'u1', given)
    t.equal(outcome.exitCode, 2)
    t.match(outcome.stderr, message)
  }
})

/** A server that answers what Padlock never does. */
async function standIn(answer: RequestListener): Promise<NodeJS.ProcessEnv> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { ...env, PADLOCK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

t.test('a Padlock or a Vault that does not answer is exit code 3', async (t) => {
  t.match(await run({}, undefined, { ...env, PADLOCK_URL: 'http://127.0.0.1:9' }), {
    exitCode: 3,
    stderr: /^Padlock did not answer/,
  })
  const redirect = await standIn((_request, response) =>
    response.writeHead(307, { location: 'http://[::1]/' }).end(),
  )
  t.match(await run({}, undefined, redirect), { exitCode: 3 })
  const other = await standIn((_request, response) => response.end('<html>'))
  t.match(await run({}, undefined, other), { exitCode: 1, stderr: /is no Padlock \(status 200\)/ })
  const denied = await standIn((_request, response) =>
    response.writeHead(503).end('{"code":"vault_denied","detail":"Vault denied the call."}'),
  )
  t.match(await run({}, undefined, denied), { exitCode: 3, stderr: /the policy padlock-signer/ })
  await service.vault.api('POST', 'sys/seal')
  t.match(await run({}), { exitCode: 3, stderr: /^vault_sealed: / })
})
