import { PassThrough } from 'node:stream'
import t from 'tap'
import { Output } from '../../../src/cli/output.ts'
import { diffText, profileDiff } from '../../../src/commands/profile-change/diff.ts'

/** The rows as they are written where there are no colours. */
function written(rows: string): string {
  const stream = new PassThrough()
  new Output(stream).write(rows)
  return String(stream.read() ?? '')
}
const text = (before: unknown, after: unknown) => written(diffText(profileDiff(before, after)))

t.test('fields that are new, gone and other, in the order of the schema', async (t) => {
  const before = { tokenTtlSeconds: 60, jti: true, issuer: 'a', callers: ['x', 'y'] }
  const after = { callers: ['y', 'z'], issuer: 'b', tokenTtlSeconds: 60, sharedUserId: { refuse: true } }
  t.same(profileDiff(before, after), [
    { path: '/issuer', from: 'a', to: 'b' },
    { path: '/sharedUserId/refuse', to: true },
    { path: '/callers', from: ['x', 'y'], to: ['y', 'z'] },
    { path: '/jti', from: true },
  ])
  t.equal(
    text(before, after),
    [
      '  ~  issuer               "a" -> "b"',
      '  +  sharedUserId.refuse  true',
      '  -  callers              "x"',
      '  +  callers              "z"',
      '  -  jti                  true',
      '',
    ].join('\n'),
  )
  t.same(profileDiff(before, { ...before }), [])
  t.equal(text({ callers: ['x', 'y'] }, { callers: ['y', 'x'] }), '  ~  callers  other order\n')
})

t.test('who wrote a version is no setting', async (t) => {
  t.same(profileDiff({ issuer: 'a', changedBy: 'jo' }, { issuer: 'a', changedBy: 'ada' }), [])
})

t.test('nothing at all before or after', async (t) => {
  t.same(profileDiff(undefined, { issuer: 'a' }), [{ path: '/issuer', to: 'a' }])
  t.same(profileDiff({ issuer: 'a' }, undefined), [{ path: '/issuer', from: 'a' }])
})

t.test('a recipient key is one thing, told by its fingerprint; what is no key is not printed', async (t) => {
  const changes = profileDiff(
    { recipientKeys: {} },
    { recipientKeys: { thumb: { publicKey: 'x', addedBy: 'jo' } } },
  )
  t.same(changes, [{ path: '/recipientKeys/thumb', to: { publicKey: 'x', addedBy: 'jo' } }])
  t.equal(written(diffText(changes)), '  +  recipientKeys.thumb  not a usable key\n')
})

t.test('text from outside cannot control the terminal', async (t) => {
  const row = text({ issuer: 'a' }, { issuer: '\u001b[2Jevil\u009b\u202e\n' })
  t.equal(row, '  ~  issuer  "a" -> "\\u001b[2Jevil\\u009b\\u202e\\n"\n')
})
