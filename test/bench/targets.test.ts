import t from 'tap'
import { startGround } from '../../bench/targets/ground.ts'
import { plainService } from '../../bench/targets/plain-service.ts'
import { rawVault } from '../../bench/targets/raw-vault.ts'

const ground = await startGround(t, 2048)

t.test('the plain service issues tokens that the recipient accepts, with Vault and without', async (t) => {
  for (const bits of [undefined, 2048]) {
    const target = await plainService(t, ground, bits)
    await t.resolves(target.check())
    const answer = await fetch(target.url + target.env.BENCH_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ground.caller}x` },
      body: '{"userId":"u1"}',
    })
    t.equal(answer.status, 401, 'it checks its caller')
  }
})

t.test('a wrong token is found', async (t) => {
  const other = await startGround(t, 2048)
  const target = await plainService(t, { ...ground, publicKeyPem: other.publicKeyPem })
  await t.rejects(target.check(), /refuses/)
})

t.test("Vault's own signatures are verified, one by one and in batches", async (t) => {
  const other = await startGround(t, 2048)
  for (const batch of [1, 32]) {
    await t.resolves(rawVault(ground, batch).check())
    await t.rejects(rawVault({ ...ground, publicKeyPem: other.publicKeyPem }, batch).check(), /wrong/)
  }
})
