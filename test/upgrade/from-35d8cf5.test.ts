import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { acceptedClaims } from '../support/accepted.ts'
import { audience, issuer, testIssuer } from '../support/callers.ts'
import { docsBlock } from '../support/documents.ts'
import { withPadlock } from '../support/readme.ts'
import { type ServiceProcess, startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'

// The steps of docs/upgrade.md, with a Padlock of before and one of now on one Vault. `make test-upgrade` runs it: it
// needs the commit, which a shallow checkout has not, and installs that version's packages.

const commit = '35d8cf5'
const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const vault = await testVault(t)

/** Takes the version of before out of the repository, with what it needs. @returns its program, to be run by Node */
async function versionOfBefore(): Promise<string> {
  await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root }).catch(() => {
    throw new Error(`This checkout has no commit ${commit}: git fetch --unshallow brings it.`)
  })
  const folder = join(vault.dir, 'before')
  await mkdir(folder)
  await run('bash', ['-o', 'pipefail', '-c', `git archive ${commit} | tar -x -C '${folder}'`], { cwd: root })
  await run('npm', ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
  })
  return join(folder, 'src/main.ts')
}

const before = await versionOfBefore()
const { publicKey, privateKey: recipientKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const file = (name: string) => join(vault.dir, name)
await writeFile(file('iadvize.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
const callers = testIssuer()
await writeFile(file('caller.pem'), callers.publicKeyPem)
await mkdir(file('bin'))
await symlink(vault.binary, file('bin/vault'))
const operator = {
  PATH: [file('bin'), process.env.PATH].join(delimiter),
  HOME: vault.dir,
  VAULT_ADDR: vault.address,
  VAULT_TOKEN: vault.rootToken,
}

/** Runs a block of docs/upgrade.md as an administrator. */
const step = async (name: string) =>
  run('bash', ['--norc', '-euc', withPadlock(await docsBlock('upgrade.md', name))], {
    cwd: root,
    env: operator,
  })

// Vault is set up by the version of before.
const setUp = ['--issuer', 'https://shop.example', '--recipient-key', file('iadvize.pub'), '--yes']
const out = ['--role-id-out', file('role-id'), '--secret-id-out', file('secret-id')]
await run(process.execPath, [before, 'setup', ...setUp, ...out], { env: operator })

const backend = {
  callers,
  env: {
    VAULT_ADDR: vault.address,
    PADLOCK_VAULT_AUTH: 'approle',
    PADLOCK_VAULT_ROLE_ID_FILE: file('role-id'),
    PADLOCK_VAULT_SECRET_ID_FILE: file('secret-id'),
    PADLOCK_PORT: '0',
    PADLOCK_CALLER_PUBLIC_KEY_FILE: file('caller.pem'),
    PADLOCK_CALLER_ISSUER: issuer,
    PADLOCK_CALLER_AUDIENCE: audience,
  },
}
const old = await startService(t, backend, {}, undefined, [], [process.execPath, before])
const now = await startService(t, backend)

const authorization = `Bearer ${await callers.token()}`

/** Asks for a token, which the recipient must accept; gives the status. */
async function statusOf(t: Test, service: ServiceProcess): Promise<number> {
  // Not by `issue`, which holds each answer against the contract of now.
  const answer = await fetch(`${service.url}/v1/profiles/default/tokens`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"userId":"customer-8714"}',
  })
  const { token } = (await answer.json()) as { token: string }
  if (answer.status === 200) {
    const claims = await acceptedClaims(token, { url: service.url, recipientKey })
    t.equal(claims['https://iadvize.com/userId'], 'customer-8714')
  }
  return answer.status
}
const both = async (t: Test) => [await statusOf(t, old), await statusOf(t, now)]

t.test('they serve side by side on a Vault that the one of before set up', async (t) => {
  t.strictSame(await both(t), [200, 200])
})

t.test('before anything: the command of now finds the profiles good, and changes nothing', async (t) => {
  t.match((await step('validate')).stdout, /default/)
  t.strictSame(await both(t), [200, 200])
})

t.test(
  'the policies: no request of now fails meanwhile, and from then on one of before cannot sign',
  async (t) => {
    let written = false
    const asked = (async () => {
      const statuses: number[] = []
      while (!written) {
        statuses.push(await statusOf(t, now))
        await sleep(10)
      }
      return statuses
    })()
    await step('policies').finally(() => {
      written = true
    })
    t.ok((await asked).every((status) => status === 200))
    t.strictSame(await both(t), [503, 200])
  },
)

t.test('the way back: with the policy of before both sign again', async (t) => {
  t.match(
    await readFile(join(root, 'docs/upgrade.md'), 'utf8'),
    `git show ${commit}:vault-policies/signer.hcl`,
  )
  await step('back')
  t.equal(await statusOf(t, now), 200)
  const again = await startService(t, backend, {}, undefined, [], [process.execPath, before])
  t.equal(await statusOf(t, again), 200)
})
