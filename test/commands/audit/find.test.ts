import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { auditorToken, auditRunner, loggedService } from '../../support/audit.ts'
import { askedOf, issuanceRecords } from '../../support/issuance.ts'
import { testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const { vault } = backend
const run = await auditRunner(vault)
// A second device has a salt of its own.
const second = join(vault.dir, 'second.log')
await vault.api('PUT', 'sys/audit/second', { type: 'file', options: { file_path: second } })
const raw = join(vault.dir, 'raw.log')
await vault.api('PUT', 'sys/audit/raw', { type: 'file', options: { file_path: raw, log_raw: 'true' } })

const service = await loggedService(t, backend, { PADLOCK_REQUEST_DEADLINE_MS: '30000' })
const issued = (await Promise.all(
  Array.from({ length: 200 }, async (_, i) => (await service.issue({ userId: `shopper-${i}` })).json()),
)) as { token: string; auditId: string }[]
service.process.kill('SIGTERM')
await once(service.process, 'exit')
const { issuanceLog } = service
const records = await issuanceRecords(issuanceLog)
const file = (name: string) => join(vault.dir, name)
const recipient = file('recipient.pem')
await writeFile(recipient, backend.recipientKey.export({ type: 'pkcs8', format: 'pem' }))
const [{ auditId, token }] = issued as [{ auditId: string; token: string }]

const found = async (args: string[], input?: string) => {
  const outcome = await run(['find', ...args, '--output', 'json'], input)
  return { exitCode: outcome.exitCode, stderr: outcome.stderr, ...JSON.parse(outcome.stdout || '{}') }
}

t.test('a token leads to its entry in the log of each device, and to the others of its call', async (t) => {
  const call = askedOf(records).find(({ auditIds }) => auditIds.includes(auditId))
  for (const log of [vault.auditLog, second, raw]) {
    const result = await found([auditId, '--log', log, '--issuance-log', issuanceLog])
    t.match(result, {
      exitCode: 0,
      found: true,
      issued: [{ auditId, profile: 'default', sub: 'shop-backend' }],
    })
    t.equal(result.signatures.length, 1)
    t.match(result.signatures[0], {
      ...{ outcome: 'signed', key: 'padlock-default', keyVersion: 1, isRs256: true, matching: 1, file: log },
      ...{ correlationId: call?.correlationId, items: call?.auditIds.length, by: { displayName: 'token' } },
    })
    t.strictSame(
      [auditId, ...result.together.map((other: { auditId: string }) => other.auditId)].sort(),
      call?.auditIds.toSorted(),
    )
  }
  const all = await found([auditId, '--log', vault.auditLog, second, raw])
  t.equal(all.signatures.length, 1, 'one call, though three devices have it')
})

t.test(
  "a stranger's signature of these bytes is one, also as Vault's own command line asks for it",
  async (t) => {
    const sign = (digest: Buffer, prehashed: unknown) =>
      vault.api('PUT', 'transit/sign/padlock-default/sha2-256', {
        ...{ input: digest.toString('base64'), prehashed, signature_algorithm: 'pkcs1v15', key_version: '1' },
      })
    const cases: [unknown, boolean, boolean][] = [
      [true, true, true],
      ['true', true, true],
      [1, true, true],
      [false, false, false],
      // A text is an HMAC in a log that is not raw: it may be any.
      ['false', true, false],
    ]
    for (const [index, [prehashed, logged, inClear]] of cases.entries()) {
      const digest = Buffer.alloc(32, 20 + index)
      await sign(digest, prehashed)
      for (const [log, isRs256] of [
        [vault.auditLog, logged],
        [raw, inClear],
      ] as const) {
        const result = await found([digest.toString('base64url'), '--log', log])
        t.match(result.signatures, [{ outcome: 'signed', isRs256 }], `${JSON.stringify(prehashed)} in ${log}`)
      }
    }
  },
)

t.test('every token is found', async (t) => {
  for (const one of issued.slice(0, 20)) {
    t.equal((await found([one.auditId, '--log', vault.auditLog])).found, true)
  }
})

t.test('the same in words, from a compressed log, and with the auditId behind the files', async (t) => {
  const packed = file('audit.log.1.gz')
  await writeFile(packed, gzipSync(await readFile(vault.auditLog)))
  const outcome = await run(['find', '--log', packed, auditId])
  t.equal(outcome.exitCode, 0, outcome.stderr)
  t.match(outcome.stdout, /key +padlock-default, version 1/)
  t.match(outcome.stdout, /correlation id +[0-9a-f-]{36}/)
})

t.test('the token itself, where the recipient’s private key is at hand', async (t) => {
  const args = ['--token-file', '-', '--recipient-key', recipient, '--log', vault.auditLog]
  t.match(await found(args, `${token}\n`), { exitCode: 0, auditId })
  t.match(await found(['--token-file', '-', '--log', vault.auditLog], token), {
    exitCode: 1,
    stderr: /private key/,
  })
  t.match(await found(args, 'x'), { exitCode: 1, stderr: /no token/ })
})

t.test('not found: what was searched, and what could explain it', async (t) => {
  const stranger = Buffer.alloc(32, 9).toString('base64url')
  const outcome = await run(['find', stranger, '--log', vault.auditLog])
  t.equal(outcome.exitCode, 1)
  for (const words of [
    /[\d,]+ lines, 2\d{3}-.* to 2\d{3}-/,
    /audit devices +.*file.*second/,
    /rotated logs/,
    /new salt/,
  ]) {
    t.match(outcome.stdout, words)
  }
  const late = await found([
    auditId,
    '--log',
    vault.auditLog,
    '--device',
    'second',
    '--issuance-log',
    issuanceLog,
  ])
  t.match(late, { exitCode: 1, found: false })
  t.match(late.explanations.join(), /a time that these logs cover: look at the device/)
  const empty = file('empty.log')
  await writeFile(empty, '')
  t.match(
    (await found([auditId, '--log', empty, '--issuance-log', issuanceLog])).explanations.join(),
    /Nothing stands/,
  )
})

t.test('wrong usage is 2', async (t) => {
  const log = ['--log', vault.auditLog]
  t.match(await found(['short', ...log]), { exitCode: 2, stderr: /43 characters/ })
  t.match(await found(log), { exitCode: 2, stderr: /Give an auditId/ })
  t.match(await found([auditId, '--log', file('none')]), { exitCode: 2, stderr: /ENOENT/ })
  t.match(await found([auditId, '--log', vault.dir]), { exitCode: 2, stderr: /folder/ })
  const xz = file('audit.log.xz')
  await writeFile(xz, Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))
  t.match(await found([auditId, '--log', xz]), { exitCode: 2, stderr: /xz -dc/ })
  t.match(await found([auditId, ...log, '--device', 'nowhere']), { exitCode: 1, stderr: /nowhere/ })
})

t.test('as a process: an auditId that begins with a hyphen, and a Vault that does not answer', async (t) => {
  const padlock = async (args: string[], env: Record<string, string>) =>
    promisify(execFile)(process.execPath, ['src/main.ts', 'audit', 'find', ...args], {
      cwd: join(import.meta.dirname, '../../..'),
      env: { PATH: process.env.PATH, HOME: vault.dir, ...env },
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    )
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: await auditorToken(vault) }
  for (const hyphen of ['-h', '-V', '--']) {
    const id = hyphen.padEnd(43, 'A')
    const outcome = await padlock([id, '--log', vault.auditLog], env)
    t.match(outcome, { code: 1, stderr: /No signature of this token/, stdout: `auditId ${id}` }, id)
  }
  const away = await padlock([auditId, '--log', vault.auditLog], { ...env, VAULT_ADDR: 'http://127.0.0.1:9' })
  t.equal(away.code, 3)
})

t.test('whose tokens: by the userId on standard input, which stands nowhere', async (t) => {
  await vault.api('POST', 'secret/data/padlock/audit/subject-key', {
    data: { key: Buffer.alloc(32, 1).toString('base64') },
  })
  await backend.addProfile('shop', { issuer: 'https://other.test' })
  const other = await loggedService(t, backend)
  const one = (await (await other.issue({ userId: 'customer-8714' })).json()) as { auditId: string }
  await other.issue({ userId: 'customer-8715' })
  const two = (await (await other.issue({ userId: 'customer-8714' }, { profile: 'shop' })).json()) as {
    auditId: string
  }
  other.process.kill('SIGTERM')
  await once(other.process, 'exit')
  // A new version of the key changes nothing for lines of the old one.
  await vault.api('POST', 'secret/data/padlock/audit/subject-key', {
    data: { key: Buffer.alloc(32, 2).toString('base64') },
  })
  const whose = (userId: string, ...args: string[]) =>
    run(['subject', '--issuance-log', other.issuanceLog, issuanceLog, ...args], userId)
  const json = await whose('customer-8714\n', '--output', 'json')
  const { tokens, unknown } = JSON.parse(json.stdout)
  t.strictSame(
    tokens.map((line: { auditId: string }) => line.auditId).sort(),
    [one.auditId, two.auditId].sort(),
  )
  t.match(unknown, { withoutSubject: 200 }, 'of the first service, which had no key')
  const words = await whose('customer-8714', '--profile', 'shop')
  t.match(words, { exitCode: 0, stderr: /200 tokens carry no subject|Searched/ })
  t.match(words.stdout, two.auditId)
  t.notMatch(words.stdout, one.auditId)
  t.match(await whose('customer-1'), { exitCode: 1, stderr: /No token of this visitor/ })
  t.match(await whose(''), { exitCode: 2 })
  await vault.api('PUT', 'secret/destroy/padlock/audit/subject-key', { versions: [1] })
  t.match(await whose('customer-8714'), {
    exitCode: 1,
    stderr: /3 tokens carry version 1 of the key, which Vault/,
  })
})
