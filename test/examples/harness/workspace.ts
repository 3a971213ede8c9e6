import { execFile } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { SignJWT } from 'jose'
import type { Test } from 'tap'
import { docsBlock } from '../../support/documents.ts'
import { startService, type TestService, testBackend } from '../../support/service.ts'
import { type Relay, startRelay } from './relay.ts'

const root = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

/** The shop's customers in the tests, as an example reads them. */
export const users = {
  jane: { userId: 'customer-8714', visitorData: { firstName: 'Jane', city: 'Nantes' } },
  zoe: {
    userId: 'Zoë "\\ 😀',
    visitorData: { firstName: 'Zoë', address: '9 rue Nina Simone\n44000 Nantes' },
  },
  // What broken code makes of a customer without an id.
  broken: { userId: 'undefined' },
  long: { userId: 'customer-8715', visitorData: { city: 'n'.repeat(256) } },
}

/** A Padlock for the programs of examples/, with a relay before it and the key pair of the shop's backend. */
export interface Workspace {
  service: TestService
  relay: Relay
  /** a folder for all that is made, gone after the test */
  folder: string
  /** what every example reads */
  env: Record<string, string>
  /** Copies an example into the folder, with customers of the test, and returns where it is. */
  copy(stack: string, customers?: object): Promise<string>
  /** A JWT of the shop's, for five minutes. */
  callerJwt(): Promise<string>
  /** Installs what a copy of the Node example runs on. */
  installNode(cwd: string): Promise<string>
  /** Runs a program to its end; its words are in the error when it fails. */
  run(cwd: string, command: string, ...args: string[]): Promise<string>
}

/** `iss` of the page's own variables. */
const issuer = 'https://shop.example'

/** Makes a key pair as docs/caller-jwt.md says, and starts a Padlock that takes JWTs signed with it. */
export async function workspace(t: Pick<Test, 'teardown'>): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'padlock-example-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await run(
    'openssl',
    ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072', '-out', 'caller-key.pem'],
    { cwd: folder },
  )
  await run('bash', ['-euc', await docsBlock('caller-jwt.md', 'key-pair')], { cwd: folder })
  const said = parseEnv(await docsBlock('caller-jwt.md', 'key-pair-env')) as Record<string, string>
  const service = await startService(t, await testBackend(t), {
    ...said,
    PADLOCK_CALLER_PUBLIC_KEY_FILE: join(folder, 'caller.pub'),
  })
  const relay = await startRelay(t, service.url)
  const space: Workspace = {
    service,
    relay,
    folder,
    env: {
      PADLOCK_URL: relay.url,
      PADLOCK_CALLER_KEY_FILE: join(folder, 'caller-key.pem'),
      PADLOCK_CALLER_ISSUER: issuer,
    },
    async copy(stack, customers = users) {
      const to = join(folder, stack)
      await cp(join(root, 'examples', stack), to, {
        recursive: true,
        filter: (path) => !/node_modules|target$|venv$/.test(path),
      })
      const given = Object.entries(customers).map(([name, user]) => [name, { password: 'padlock', ...user }])
      await writeFile(join(to, 'users.json'), JSON.stringify(Object.fromEntries(given)))
      return to
    },
    async callerJwt() {
      const key = createPrivateKey(await readFile(join(folder, 'caller-key.pem')))
      return new SignJWT({ scope: 'issue:default' })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(issuer)
        .setSubject('shop-backend')
        .setAudience('padlock')
        .setExpirationTime('5m')
        .sign(key)
    },
    installNode: (cwd) =>
      space.run(cwd, 'npm', 'ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'),
    async run(cwd, command, ...args) {
      const { stdout } = await run(command, args, {
        cwd,
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, NODE_OPTIONS: '' },
      })
      return stdout
    },
  }
  return space
}

/** Lets the JWT that an example makes live for 61 seconds: renewed a minute before its end, it is new each second. */
export async function shortenLife(file: string): Promise<void> {
  const source = await readFile(file, 'utf8')
  const shorter = source.replace(/(life_?seconds\b[^\d\n]{0,8})300\b/i, '$161')
  if (shorter === source) {
    throw new Error(`${file} does not say how many seconds its JWT lives`)
  }
  await writeFile(file, shorter)
}
