import t from 'tap'
import { builtInPlaceholders } from '../../src/token/placeholders.ts'
import { checkUserId, type UserIdSettings, userIdRules } from '../../src/token/user-id.ts'

const codes = (userId: string, settings: UserIdSettings = {}): string[] =>
  checkUserId(userId, userIdRules(settings)).map(({ code }) => code)

t.test('the placeholders of the built-in list, in any case, as a whole value only', async (t) => {
  const named =
    'undefined null NaN nil none anonymous guest unknown test user default n/a 0 -1 [object Object] (null)'.split(
      / (?!Object)/,
    )
  const uuids = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
  for (const id of [...named, ...uuids, ...builtInPlaceholders]) {
    for (const written of new Set([id, id.toUpperCase(), id.toLowerCase()])) {
      t.ok(codes(written).includes('user_id_placeholder'), written)
    }
    t.notOk(codes(`u-${id}-7`).includes('user_id_placeholder'), `u-${id}-7`)
  }
  for (const entry of builtInPlaceholders) {
    t.equal(entry, entry.normalize('NFC').toLowerCase(), 'an entry that could never match refuses nothing')
  }
  for (const id of ['1', '00', '-2', 'guest1', 'testa', 'nullary', 'userId42', 'Anna']) {
    t.strictSame(codes(id), [], id)
  }
})

t.test('templates that nobody filled in are known by their form', async (t) => {
  const forms = [
    ...['<userId>', '<>', '<nil>', '<user id>', '<%= user.id %>', '#<User:0x000071>'],
    ...['{{userId}}', '{{ user.id }}', '{{}}', '{{{userId}}}', '\x24{userId}', '\x24{}', '#{id}', '%{id}'],
    ...[':userId', ':user_id', ':id', ':_id', ':user-id', ':été'],
    ...['%s', '%S', '%d', '%1$s', '%(userId)s', '%@', '%05d', '%-10s', '%ld', '%.2f', '%!s(<nil>)'],
    ...['[object HTMLInputElement]', '[object Promise]', '[OBJECT OBJECT]'],
  ]
  for (const id of forms) {
    t.strictSame(codes(id), ['user_id_placeholder'], id)
  }
  const ids = [
    'a<b>',
    '<b>a',
    '{a}',
    '{3f2504e0-4f89-11d3-9a0c-0305e82c3301}',
    '$a',
    ':',
    '::1',
    ': a',
    '100%',
    '%',
    '%%s',
  ]
  for (const id of ids) {
    t.strictSame(codes(id), [], id)
  }
})

t.test('a profile extends the list of placeholders: whole value, case ignored', async (t) => {
  const settings = { userIdPlaceholders: ['Invit\u00e9', 'acme-shared'] }
  t.strictSame(codes('INVIT\u00c9', settings), ['user_id_placeholder'])
  t.strictSame(codes('Acme-Shared', settings), ['user_id_placeholder'])
  t.strictSame(codes('acme-shared-1', settings), [])
  t.strictSame(codes('null', settings), ['user_id_placeholder'], 'the built-in ones stay')
  t.strictSame(codes('acme-shared'), [], 'another profile knows nothing of it')
})

t.test(
  'a placeholder that was typed in another normalization form refuses its id all the same',
  async (t) => {
    t.strictSame(codes('invit\u00e9', { userIdPlaceholders: ['invite\u0301'] }), ['user_id_placeholder'])
  },
)

t.test('a profile allows an entry by its name, exactly as it is written', async (t) => {
  const settings = { allowedUserIds: ['guest', '%s'], userIdPlaceholders: ['guest'] }
  t.strictSame(codes('guest', settings), [])
  t.strictSame(codes('%s', settings), [])
  t.strictSame(codes('Guest', settings), ['user_id_placeholder'])
  t.strictSame(codes('unknown', settings), ['user_id_placeholder'])
  t.strictSame(
    codes('gu\0est', { allowedUserIds: ['gu\0est'] }),
    ['user_id_control_character'],
    'no other rule is lifted',
  )
})
