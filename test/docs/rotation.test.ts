import { execFile } from 'node:child_process'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { acceptToken } from '../../dev/accept-token.ts'
import { clockSlackSeconds } from '../../src/vault/keys/key-versions.ts'
import { docsBlock } from '../support/documents.ts'
import { operatorToken } from '../support/key-command.ts'
import { startService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const exec = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const refreshSeconds = 1
const ttl = 3

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
// The life of a token at an earlier time would count too, where tokens of then may be alive.
await api('DELETE', 'secret/metadata/padlock/profiles/default')
await backend.addProfile('default', { tokenTtlSeconds: ttl })
const variables = { PADLOCK_PROFILE_REFRESH_SECONDS: String(refreshSeconds) }
const instances = [await startService(t, backend, variables), await startService(t, backend, variables)]
const operator = await operatorToken(vault)

/** Runs a block of docs/rotation.md as it is printed, on this Padlock and these instances. */
async function printed(name: string, env: Record<string, string> = {}) {
  const text = (await docsBlock('rotation.md', name))
    .replaceAll(/^padlock /gm, `'${process.execPath}' '${join(root, 'src/main.ts')}' `)
    .replaceAll('http://10.0.0.7:3000', instances[0]?.url as string)
    .replaceAll('http://10.0.0.8:3000', instances[1]?.url as string)
  const given = { PATH: process.env.PATH, VAULT_ADDR: vault.address, VAULT_TOKEN: operator, HOME: vault.dir }
  return exec('bash', ['--norc', '-euc', text], { cwd: vault.dir, env: { ...given, ...variables, ...env } })
}

const publicKeyOf = async (version: number) =>
  createPublicKey((await api('GET', 'transit/keys/padlock-default')).body.data.keys[version].public_key)

/** Where iAdvize stands: it holds one public key at a time. */
let held: KeyObject = await publicKeyOf(1)
/** Whether the procedure promises now that every token verifies. */
let promised = true
const counts = { promised: 0, inGap: 0, refusedInGap: 0, versions: new Set<number>() }
const faults: string[] = []

/** One page view: a token from an instance, which the recipient reads at once. */
async function pageView(number: number): Promise<void> {
  const wasPromised = promised
  const service = instances[number % instances.length] as (typeof instances)[number]
  const answer = await service.issue({ userId: `customer-${number}` })
  if (answer.status !== 200) {
    faults.push(`${answer.status} ${await answer.text()}`)
    return
  }
  const { token, keyVersion } = (await answer.json()) as { token: string; keyVersion: number }
  counts.versions.add(keyVersion)
  const receipt = await acceptToken(token, { privateKey: backend.recipientKey, publicKeys: [held] })
  if (wasPromised && promised) {
    counts.promised += 1
    if (!receipt.accepted) {
      faults.push(`version ${keyVersion} was refused: ${receipt.reason}`)
    }
  } else {
    counts.inGap += 1
    if (!receipt.accepted) {
      counts.refusedInGap += 1
    }
  }
}

let stopped = false
async function visitors(): Promise<void> {
  for (let number = 0; !stopped; number += 4) {
    await Promise.all([0, 1, 2, 3].map((offset) => pageView(number + offset)))
    await sleep(40)
  }
}

/** A gap: the recipient's switch and the command, in either order; it ends when the command has told each verdict. */
async function gap(first: () => unknown, second: () => Promise<unknown>): Promise<void> {
  const before = { ...counts }
  promised = false
  await first()
  await until(() => counts.refusedInGap > before.refusedInGap)
  await second()
  promised = true
}
const forAWhile = async () => {
  const from = counts.promised
  await until(() => counts.promised > from + 20 || faults.length > 0)
}

t.test('the whole rotation under load, by the commands as they are printed', async (t) => {
  const load = visitors()
  await forAWhile()
  t.match((await printed('stage')).stdout, /Version 2 of padlock-default is made[\s\S]*2 +staged/)
  const pem = () => fetch(`${instances[1]?.url}/v1/profiles/default/public-key.pem?version=2`)
  await until(async () => (await pem()).ok)
  t.match((await printed('export')).stdout, 'A mail to your iAdvize contact')
  await forAWhile()

  // iAdvize installs what was sent, and answers with the command of the mail.
  const sent = join(vault.dir, 'padlock-v2.pem')
  t.equal(await (await pem()).text(), await readFile(sent, 'utf8'))
  const compute = `openssl pkey -pubin -in ${sent} -outform DER | openssl dgst -sha256 -binary | openssl base64`
  const acknowledged = (await exec('bash', ['-c', compute])).stdout.trim()
  const two = createPublicKey(await readFile(sent, 'utf8'))
  const one = held

  const switchTo = (key: KeyObject) => () => {
    held = key
  }
  const activate = () => printed('activate', { ACKNOWLEDGED: acknowledged })
  await gap(switchTo(two), activate)
  await forAWhile()
  await gap(
    () => printed('rollback'),
    async () => switchTo(one)(),
  )
  await forAWhile()
  await gap(switchTo(two), activate)
  await forAWhile()

  const early = (await printed('retire').catch((error: unknown) => error)) as {
    code?: number
    stderr: string
  }
  t.match(early, { code: 1, stderr: /may live until/ })
  const wait = Number(/, (\d+) seconds from now/.exec(early.stderr)?.[1])
  t.ok(wait > 0 && wait <= ttl + refreshSeconds + clockSlackSeconds)
  await sleep(wait * 1000)
  t.match((await printed('retire')).stdout, /Version 1 of padlock-default can sign no more/)
  await until(async () => {
    const answers = await Promise.all(
      instances.map(({ url }) => fetch(`${url}/v1/profiles/default/public-key.pem?version=1`)),
    )
    return answers.every(({ status }) => status === 404)
  })
  await forAWhile()
  stopped = true
  await load
  t.same(faults, [], 'no request failed, and each token verified while that was promised')
  t.same(counts.versions, new Set([1, 2]))
  t.comment(
    `${counts.promised} tokens while it was promised, all verified; in three gaps ${counts.inGap}, ${counts.refusedInGap} refused`,
  )
})

t.test('Vault rotated behind Padlock’s back: nothing changes', async (t) => {
  await api('POST', 'transit/keys/padlock-default/rotate')
  await until(
    async () => (await fetch(`${instances[0]?.url}/v1/profiles/default/public-key.pem?version=3`)).ok,
  )
  for (const number of [0, 1, 2, 3]) {
    await pageView(number)
  }
  t.same(faults, [])
  t.same(counts.versions, new Set([1, 2]))
})
