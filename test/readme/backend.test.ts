import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { parse as parseJava } from 'java-parser'
import { Engine } from 'php-parser'
import t, { type Test } from 'tap'
import { freePort } from '../../src/dev/free-port.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { block } from '../support/readme.ts'
import { testService } from '../support/service.ts'

const run = promisify(execFile)
const service = await testService(t)
const folder = await mkdtemp(join(tmpdir(), 'padlock-readme-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

/** Address of a server that does one thing with every call. */
async function standIn(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer as never).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
let followed = 0
const other = await standIn((_request, response) => {
  followed++
  response.end('{"token":"a.b.c.d.e"}')
})
const redirecting = await standIn((_request, response) => {
  response.writeHead(307, { location: other }).end()
})
const silent = await standIn(() => {})
const closed = `http://127.0.0.1:${await freePort(0, '127.0.0.1')}`
const callerToken = await service.callers.token()

/** Asks by a program that prints the token or `none`; with what it wrote to its log. */
async function ask(program: string[], userId: string, padlock = service.url, caller = callerToken) {
  const [command, ...words] = program
  const { stdout, stderr } = await run(command as string, [...words, userId], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      LC_ALL: 'C.UTF-8',
      PADLOCK_URL: padlock,
      PADLOCK_CALLER_TOKEN: caller,
    },
  })
  return { token: stdout.trim(), log: stderr }
}

/** What every backend does, whatever it is written in. */
async function checkBackend(t: Test, program: string[]): Promise<void> {
  for (const userId of ['customer-8714', 'Zoë "\\ 😀']) {
    const { token } = await ask(program, userId)
    t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], userId)
  }
  const refused = await ask(program, 'undefined')
  t.equal(refused.token, 'none', 'no token for a placeholder')
  t.match(refused.log, /400 invalid_request/)
  const unknown = await ask(program, 'customer-8714', service.url, 'no.such.caller')
  t.equal(unknown.token, 'none')
  t.match(unknown.log, /401 unauthenticated/)
  t.notMatch(unknown.log, /customer-8714|no\.such\.caller/, 'the log holds neither the userId nor a token')
  t.equal((await ask(program, 'customer-8714', closed)).token, 'none', 'no Padlock')
  t.equal((await ask(program, 'customer-8714', redirecting)).token, 'none', 'a redirect')
  t.equal(followed, 0, 'is not followed')
  const start = performance.now()
  t.equal((await ask(program, 'customer-8714', silent)).token, 'none', 'a Padlock that does not answer')
  t.ok(performance.now() - start < 10_000, 'is waited for 3 seconds')
}

/** True when a program is on the PATH. */
async function installed(name: string): Promise<boolean> {
  const paths = (process.env.PATH ?? '').split(delimiter).map((path) => access(join(path, name)))
  return (await Promise.allSettled(paths)).some(({ status }) => status === 'fulfilled')
}

t.test('Node', async (t) => {
  await writeFile(join(folder, 'padlock-token.mjs'), await block('padlock-token.mjs'))
  const main = `import { padlockToken } from './padlock-token.mjs'
    console.log((await padlockToken(process.argv[2])) ?? 'none')`
  await writeFile(join(folder, 'main.mjs'), main)
  await checkBackend(t, [process.execPath, 'main.mjs'])
})

t.test('PHP', async (t) => {
  const source = await block('padlock-token.php')
  t.doesNotThrow(() => new Engine({ parser: { version: '8.2' } }).parseCode(source, 'padlock-token.php'))
  if (!(await installed('php')) || !(await run('php', ['-m'])).stdout.includes('curl')) {
    t.comment('there is no PHP with its curl extension here: parsed only')
    return
  }
  await writeFile(join(folder, 'padlock-token.php'), source)
  const main = "<?php require 'padlock-token.php'; echo padlockToken($argv[1]) ?? 'none';"
  await writeFile(join(folder, 'main.php'), main)
  await checkBackend(t, ['php', '-d', 'log_errors=1', '-d', 'error_log=/dev/stderr', 'main.php'])
})

t.test('Java', async (t) => {
  const source = await block('PadlockTokens.java')
  t.doesNotThrow(() => parseJava(source))
  if (!(await installed('javac'))) {
    t.comment('there is no Java compiler here: parsed only')
    return
  }
  await writeFile(join(folder, 'PadlockTokens.java'), source)
  const main = `public class Main {
    public static void main(String[] words) throws Exception {
      var tokens = new PadlockTokens(System.getenv("PADLOCK_URL"), () -> System.getenv("PADLOCK_CALLER_TOKEN"));
      String userId = words[0].equals("half") ? "u-\\uD83D" : words[0];
      System.out.println(tokens.token(userId).orElse("none"));
    }
  }`
  await writeFile(join(folder, 'Main.java'), main)
  await run('javac', ['-Xlint:all', '-Werror', 'PadlockTokens.java', 'Main.java'], { cwd: folder })
  await checkBackend(t, ['java', '-cp', '.', 'Main'])
  t.equal(
    (await ask(['java', '-cp', '.', 'Main'], 'half')).token,
    'none',
    'half a surrogate pair is not repaired',
  )
})
