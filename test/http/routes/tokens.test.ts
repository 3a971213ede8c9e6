import { createPublicKey } from 'node:crypto'
import t, { type Test } from 'tap'
import { acceptToken } from '../../../dev/accept-token.ts'
import { HostileRequests } from '../../support/hostile.ts'
import { answerOf, fieldFaults } from '../../support/problem.ts'
import { startService, testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const sizes = ['rsa-2048', 'rsa-3072', 'rsa-4096']
for (const size of sizes) {
  await backend.addProfile(size, {}, size)
}
await backend.addProfile('digits', { userIdPattern: '[0-9]{1,10}' })
await backend.addProfile('words', { userIdPlaceholders: ['Acme'], allowedUserIds: ['guest'] })
await backend.addProfile('broken', { userIdPattern: 'canary(' })
const service = await startService(t, backend)
const hostile = new HostileRequests()

/** The faults that a body gets told, each as its pointer and its code. */
async function faultsOf(t: Test, body: unknown, profile = 'default'): Promise<string[]> {
  const answer = await answerOf(await service.issue(body, { profile }))
  t.strictSame(hostile.faults(answer, 'invalid_request'), [])
  return fieldFaults(answer)
}

t.test(
  'all the faults of a body are told at once, with where they are, and never what was sent',
  async (t) => {
    const cases: [unknown, string[]][] = [
      [null, [' wrong_type']],
      [7, [' wrong_type']],
      ['"canary"', [' wrong_type']],
      [['canary'], [' wrong_type']],
      [{}, ['/userId required']],
      [{ userId: null }, ['/userId wrong_type']],
      [{ userId: 7 }, ['/userId wrong_type']],
      ['{"userId":9007199254740993}', ['/userId wrong_type']],
      [{ userId: true }, ['/userId wrong_type']],
      [{ userId: ['canary'] }, ['/userId wrong_type']],
      [{ userId: { id: 'canary' } }, ['/userId wrong_type']],
      [
        { userId: [[['canary']]], visitorData: { city: { a: { b: 1 } } } },
        ['/userId wrong_type', '/visitorData/city wrong_type'],
      ],
      [{ userId: '' }, ['/userId user_id_empty']],
      [{ userId: 'canary'.padEnd(256, 'x') }, ['/userId user_id_too_long']],
      [{ userId: ' canary' }, ['/userId user_id_whitespace']],
      [{ userId: 'canary\u200d' }, ['/userId user_id_control_character']],
      ['{"userId":"canary\\ud800"}', ['/userId user_id_control_character']],
      [{ userId: 'canary\ufffd' }, ['/userId user_id_replacement_character']],
      [{ userId: 'canarye\u0301' }, ['/userId user_id_not_normalized']],
      [{ userId: '<canary>' }, ['/userId user_id_placeholder']],
      [{ userId: 'u-1', extId: 'canary' }, ['/extId ext_id_not_allowed']],
      [
        { userId: 'u-1', ext_id: 'canary', EXTID: 1 },
        ['/EXTID ext_id_not_allowed', '/ext_id ext_id_not_allowed'],
      ],
      [{ userId: 'u-1', email: 'canary' }, ['/email unknown_property']],
      [{ userId: 'u-1', 'a/b~c': 'canary' }, ['/a~1b~0c unknown_property']],
      [{ userId: 'u-1', visitorData: null }, ['/visitorData wrong_type']],
      [{ userId: 'u-1', visitorData: ['canary'] }, ['/visitorData wrong_type']],
      [{ userId: 'u-1', visitorData: { age: 'canary' } }, ['/visitorData/age unknown_property']],
      [{ userId: 'u-1', visitorData: { extId: 'canary' } }, ['/visitorData/extId ext_id_not_allowed']],
      [{ userId: 'u-1', visitorData: { city: 7 } }, ['/visitorData/city wrong_type']],
      [{ userId: 'u-1', visitorData: { city: ['canary'] } }, ['/visitorData/city wrong_type']],
      [{ userId: 'u-1', visitorData: { city: 'canary\n' } }, ['/visitorData/city invalid_character']],
      [
        {
          userId: ' canary\0',
          more: 1,
          visitorData: { city: 7, email: 'canary'.padEnd(256), age: 1, zipCode: '\0' },
        },
        [
          '/more unknown_property',
          '/userId user_id_control_character',
          '/userId user_id_whitespace',
          '/visitorData/age unknown_property',
          '/visitorData/city wrong_type',
          '/visitorData/email too_long',
          '/visitorData/zipCode invalid_character',
        ],
      ],
    ]
    for (const [body, expected] of cases) {
      t.strictSame(
        (await faultsOf(t, body)).sort(),
        expected,
        encodeURIComponent(JSON.stringify(body)).slice(0, 80),
      )
    }
    const answer = await service.issue({ userId: '<canary>', visitorData: { city: 'canary\0' } })
    t.notMatch(await answer.text(), /canary/)
  },
)

for (const size of sizes) {
  t.test(`a token that Vault signed with ${size} is accepted by the recipient`, async (t) => {
    const issued = (await (await service.issue({ userId: 'u-1' }, { profile: size })).json()) as {
      token: string
    }
    const key = await service.vault.api('GET', `transit/keys/padlock-${size}`)
    const receipt = await acceptToken(issued.token, {
      privateKey: service.recipientKey,
      publicKeys: [createPublicKey(key.body.data.keys['1'].public_key)],
    })
    t.match(receipt, {
      accepted: true,
      jws: { alg: 'RS256' },
      claims: { 'https://iadvize.com/userId': 'u-1' },
    })
  })
}

t.test("a profile's own rules of a userId hold for it alone", async (t) => {
  for (const userId of ['12a', 'u12', '12345678901', '1 2', '١٢']) {
    t.strictSame(await faultsOf(t, { userId }, 'digits'), ['/userId user_id_pattern_mismatch'], userId)
  }
  t.equal((await service.issue({ userId: '1234567890' }, { profile: 'digits' })).status, 200)
  t.strictSame(await faultsOf(t, { userId: 'ACME' }, 'words'), ['/userId user_id_placeholder'])
  t.strictSame(await faultsOf(t, { userId: 'Guest' }, 'words'), ['/userId user_id_placeholder'])
  t.equal((await service.issue({ userId: 'guest' }, { profile: 'words' })).status, 200)
  t.strictSame(await faultsOf(t, { userId: 'guest' }), ['/userId user_id_placeholder'])
  t.equal((await service.issue({ userId: 'ACME' })).status, 200)
})

t.test(
  'a pattern that does not compile makes its profile alone unusable, and the log says why',
  async (t) => {
    const answer = await answerOf(await service.issue({ userId: 'u-1' }, { profile: 'broken' }))
    t.equal(answer.status, 503)
    t.match(JSON.parse(answer.body), { code: 'profile_unusable' })
    t.ok(answer.headers.get('retry-after'))
    const line = await service.logged({ profile: 'broken', level: 'error' })
    t.match(line?.msg, /userIdPattern does not compile as an RE2 regular expression: missing closing \)/)
    t.notMatch(JSON.stringify(service.log), /canary/)
    t.equal((await service.issue({ userId: 'u-1' })).status, 200)
    const ready = (await (await fetch(`${service.url}/health/ready`)).json()) as { status: string }
    t.equal(ready.status, 'degraded')
  },
)

t.test('figures', async (t) => hostile.report(t))
