import { createPublicKey } from 'node:crypto'
import t from 'tap'
import { freePort } from '../../../dev/free-port.ts'
import { keyFingerprint } from '../../../src/keys/rsa-public-key.ts'
import { probeCorrelationPrefix } from '../../../src/vault/signing/signing-probe.ts'
import { keyRunner, operatorToken } from '../../support/key-command.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
const stand = await vaultStandIn(t, vault.address)
const refresh = { PADLOCK_PROFILE_REFRESH_SECONDS: '1' }
const good = await startService(t, backend, refresh)
const held = await startService(
  t,
  { ...backend, env: { ...backend.env, VAULT_ADDR: stand.address } },
  refresh,
)
const run = keyRunner(vault, await operatorToken(vault))
const fingerprintOf = async (version: number) => {
  const { keys } = (await api('GET', 'transit/keys/padlock-default')).body.data
  return keyFingerprint(createPublicKey(keys[version].public_key))
}
const activate = async (version: number, ...args: string[]) => {
  const acknowledged = await fingerprintOf(version)
  return run(['activate', 'default', String(version), '--acknowledged', acknowledged, ...args])
}

t.test('activate waits for every instance, and names its verdict', async (t) => {
  t.equal((await run(['stage', 'default'])).exitCode, 0)
  const instances = ['--instance', good.url, '--instance', `${held.url}/`]
  const outcome = await activate(2, ...instances, '--output', 'json')
  t.equal(outcome.exitCode, 0, outcome.stderr)
  t.match(JSON.parse(outcome.stdout).instances, [
    { instance: good.url, verdict: 'follows', keyVersion: 2, reason: null },
    { instance: held.url, verdict: 'follows', keyVersion: 2, reason: null },
  ])
  t.match(outcome.stderr, `${good.url} signs with version 2`)
  for (const { issue } of [good, held]) {
    t.equal(((await (await issue({ userId: 'u' })).json()) as { keyVersion: number }).keyVersion, 2)
  }
})

t.test('instances from the environment', async (t) => {
  const both = { PADLOCK_INSTANCES: `${good.url}, ${held.url}`, PADLOCK_URL: 'http://127.0.0.1:9' }
  const outcome = await run(['rollback', 'default', '--output', 'json'], { env: both })
  t.equal(outcome.exitCode, 0, outcome.stderr)
  t.equal(JSON.parse(outcome.stdout).instances.length, 2)
  const one = await run(['rollback', 'default', '--output', 'json'], { env: { PADLOCK_URL: good.url } })
  t.equal(JSON.parse(one.stdout).instances.length, 1)
})

t.test('an instance that keeps the old version ends the command with 1, and the reason', async (t) => {
  stand.answer = async (call) =>
    String(call.headers['x-correlation-id']).startsWith(probeCorrelationPrefix)
      ? { status: 403, body: { errors: ['permission denied'] } }
      : call.forward()
  const outcome = await activate(2, '--instance', good.url, '--instance', held.url, '--wait', '4s')
  t.match(outcome, { exitCode: 1, stderr: /not every instance follows: \S+ \(vault_denied\)/ })
  t.match(outcome.stderr, `${held.url} still signs with version 1: vault_denied`)
  t.match(outcome.stderr, `${good.url} signs with version 2`)

  t.match(await run(['retire', 'default', '1', '--instance', held.url]), {
    exitCode: 1,
    stderr: /may live until/,
  })
  const { data } = (await api('GET', 'secret/data/padlock/profiles/default')).body.data
  await api('DELETE', 'secret/metadata/padlock/profiles/default')
  await api('POST', 'secret/data/padlock/profiles/default', {
    data: { ...data, activatedAt: '2026-01-01T00:00:00.000Z' },
  })
  const retired = await run(['retire', 'default', '1', '--instance', held.url])
  t.match(retired, { exitCode: 1, stderr: /still signs for default with version 1/ })

  stand.answer = (call) => call.forward()
  t.match(
    await activate(2, '--instance', held.url),
    { exitCode: 0, stdout: /already/ },
    'run again, it finishes',
  )
  t.match(await run(['retire', 'default', '1', '--instance', held.url]), { exitCode: 0 })
})

t.test('an instance that does not answer', async (t) => {
  const nobody = `http://127.0.0.1:${await freePort(0, '127.0.0.1')}`
  const outcome = await activate(2, '--instance', nobody, '--wait', '1s')
  t.match(outcome, { exitCode: 1, stderr: `${nobody} did not answer (ECONNREFUSED)` })
  const { data } = (await api('GET', 'transit/keys/padlock-default')).body
  await api('POST', 'transit/keys/padlock-default/config', { min_encryption_version: 1 })
  const retired = await run(['retire', 'default', '1', '--instance', nobody])
  t.match(retired, { exitCode: 1, stderr: /did not answer .* so it may still sign with it/ })
  await api('POST', 'transit/keys/padlock-default/config', {
    min_encryption_version: data.min_encryption_version,
  })
  const other = await activate(2, '--instance', `${vault.address}/v1/sys`, '--wait', '0')
  t.match(other, { exitCode: 1, stderr: /no answer of a Padlock/ })
})
