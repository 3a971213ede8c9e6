import { createHash } from 'node:crypto'
import t from 'tap'
import { checkUserId, userIdRules } from '../../src/token/user-id.ts'

const rules = userIdRules({})
const codes = (userId: string, given = rules): string[] => checkUserId(userId, given).map(({ code }) => code)

/** What a value prints as, in each language, when it is no string; it says nothing of the visitor. */
const printed: Readonly<Record<string, readonly string[]>> = {
  JavaScript: [
    ...[
      'undefined',
      'NaN',
      'Invalid Date',
      'Promise { <pending> }',
      'Promise {<pending>}',
      '[object Promise]',
    ],
    ...[
      '[object+Object]',
      '[object%20Object]',
      '%5Bobject%20Object%5D',
      'object Object',
      '[Function: getUserId]',
    ],
    ...[
      '[Function (anonymous)]',
      '[AsyncFunction: getUserId]',
      '[class User]',
      'Symbol(userId)',
      '[Circular *1]',
    ],
    ...['function () { [native code] }', 'function getUserId(req) { return req.user.id }', '() => user.id'],
    ...[
      'async () => user.id',
      'req => req.user.id',
      'async function id() {}',
      'class User { }',
      'getUserId()',
    ],
    ...[
      'Map(0) {}',
      'Set(1) { 1 }',
      'User { id: undefined }',
      '{ id: undefined }',
      '{"id":null}',
      '[null]',
      '["null"]',
    ],
    ...[
      '"undefined"',
      "'undefined'",
      '`undefined`',
      '"null"',
      '%22null%22',
      '&quot;null&quot;',
      '&lt;nil&gt;',
    ],
  ],
  Java: [
    ...[
      'java.lang.Object@1b6d3586',
      'com.shop.User@4e25154f',
      'User@4e25154f',
      '[Ljava.lang.String;@15db9742',
    ],
    ...[
      '[B@6d06d69c',
      '[[I@1b6d3586',
      'Optional.empty',
      'Optional[42]',
      'OptionalInt.empty',
      'anonymousUser',
    ],
    ...[
      'java.util.concurrent.CompletableFuture@7852e922[Not completed]',
      'com.shop.Ids$$Lambda/0x00007f@1b28cdfa',
    ],
    ...[
      'User(id=null, name=null)',
      'User[id=null]',
      '{id=null}',
      'org.springframework.security.core.userdetails.User@5f1a2b3c',
    ],
  ],
  Kotlin: [
    ...['kotlin.Unit', 'Unit@1b6d3586', '() -> kotlin.Unit', '(kotlin.Int) -> kotlin.String'],
    ...[
      'Function0<kotlin.Unit>',
      'StandaloneCoroutine{Active}@1b6d3586',
      'DeferredCoroutine{Active}@4e25154f',
    ],
  ],
  '.NET': [
    ...[
      'System.Threading.Tasks.Task`1[System.String]',
      'System.Object',
      'System.String[]',
      'System.Guid',
      'DBNull',
    ],
    ...[
      'System.Collections.Generic.List`1[System.String]',
      'System.Security.Claims.ClaimsPrincipal',
      'Lazy`1[X]',
    ],
    ...[
      'System.Threading.Tasks.Task',
      'Microsoft.AspNetCore.Http.DefaultHttpContext',
      'Castle.Proxies.UserProxy',
    ],
    ...['{ Id = 0 }', 'User { Id =  }', 'System.Func`1[System.String]', '0001-01-01T00:00:00'],
  ],
  PHP: [
    ...[
      'Array',
      'Object',
      'NULL',
      'NAN',
      'INF',
      'stdClass',
      'Closure Object',
      'Resource id #3',
      'resource(5) of type (stream)',
    ],
    ...['array(0) { }', 'Array ( )', 'object(User)#1 (0) { }', 'O:8:"stdClass":0:{}', 'N;', 'a:0:{}'],
    ...['$user->id', "$user['id']", '$this->userId', '$userId', '$user_id', '$_SESSION[id]'],
  ],
  Python: [
    ...[
      'None',
      'nan',
      'NoneType',
      '<User object at 0x7f1c>',
      '<function get_id at 0x7f1c>',
      "<class 'str'>",
      "b'42'",
    ],
    ...[
      'User object (None)',
      'AnonymousUser',
      '(None,)',
      '[None]',
      "{'id': None}",
      'set()',
      '<coroutine object f at 0x7f>',
    ],
    ...['Ellipsis', 'NotImplemented', 'User(id=None)'],
  ],
  Go: [
    ...[
      '<nil>',
      'map[]',
      'map[id:<nil>]',
      '%!s(<nil>)',
      '%!d(string=)',
      '&{}',
      '&main.User{}',
      'main.User{ID:""}',
    ],
    ...[
      '0xc00001c0a8',
      '{ false}',
      '{0 false}',
      '[]',
      '{}',
      'interface {}',
      '00000000-0000-0000-0000-000000000000',
    ],
    '0001-01-01T00:00:00Z',
  ],
  Ruby: ['nil', '#<User:0x000071>', '#<User id: nil>', '{:id=>nil}', '[nil]', ':user_id', '#<Proc:0x0001>'],
  Swift: ['Optional(nil)', 'Optional("42")', 'nil', '(Function)', 'User(id: nil)', '<User: 0x600000>'],
  'Rust, Scala, Elixir': [
    'None',
    'Some("42")',
    'Ok(())',
    'Future(<not completed>)',
    'List()',
    '()',
    '%User{id: nil}',
    '#PID<0.1.0>',
  ],
  SQL: ['NULL', '(NULL)', '[NULL]', '<null>', '\\N', '@userId', ':id', '$1', '@p0', '??', '?', '? ??'],
}

/** What template engines leave when nobody filled them in. */
const templates = [
  ...[
    '{{userId}}',
    '{{ user.id }}',
    '{{{user.id}}}',
    '{!! $user->id !!}',
    '{$user_id}',
    '{%user%}',
    '{{user.id | json}}',
  ],
  ...['\x24{userId}', '$!{user.id}', '$user.id', '$(userId)', '#{user.id}', '%{user_id}', '@{userId}'],
  ...[
    '<%= user.id %>',
    '<?= $id ?>',
    '<userId>',
    '&lt;userId&gt;',
    '%7B%7Buser_id%7D%7D',
    '[[\x24{user.id}]]',
  ],
  ...['@Model.UserId', '@User.Identity.Name', '@(Model.Id)', '@ViewBag.UserId', '@Html.Raw(id)'],
  ...[
    '__USER_ID__',
    '__id__',
    '%USER_ID%',
    '%%user_id%%',
    '#user.id#',
    '##USER_ID##',
    '@user.id@',
    '*|USER_ID|*',
  ],
  ...['{userId}', '{user_id}', '{0}', '[user_id]', '«userId»', '(userId)', ':userId', '%s', '%1$s', '%@'],
]

/** Words, marks and numbers that stand for anybody. */
const anybody = [
  ...[
    '[REDACTED]',
    '[redacted]',
    '<redacted>',
    '[FILTERED]',
    '***',
    '********',
    '•••',
    'xxxxxxxx',
    '[email protected]',
  ],
  ...[
    '***REDACTED***',
    'not logged in',
    'no_user',
    'S-1-5-7',
    'NT AUTHORITY\\ANONYMOUS LOGON',
    '-',
    '--',
    '—',
    '...',
  ],
  ...['0000-00-00', '1970-01-01T00:00:00.000Z', 'customer.id', 'username'],
]

/** A generic prefix, or another placeholder, before a placeholder. */
const composed = [
  ...[
    'customer-undefined',
    'user_null',
    'user:null',
    'USER-NULL',
    'visitor:[object Object]',
    'member-NaN',
    'id:',
  ],
  ...['account_None', 'client-{{id}}', 'user-\x24{id}', 'user--1', 'customer-', 'user_', 'user:id:undefined'],
  ...['customer-00000000-0000-0000-0000-000000000000', 'user-"null"', 'user:%22null%22', 'id-anonymousUser'],
  ...[
    'undefined undefined',
    'null_null',
    'null-null',
    'null|null',
    'undefined.undefined',
    'id=null',
    'user@undefined',
    'undefined-',
    '-undefined',
  ],
]

/** Ids of real people and systems. */
const real = [
  ...[
    '@alice',
    '@alice:server.example',
    '@alice@mastodon.example',
    '@jane.doe',
    '{3F2504E0-4F89-11D3-9A0C-0305E82C3301}',
  ],
  ...[
    'auth0|5f7c8ec7',
    'google-oauth2|103547991597142817347',
    'samlp|idp|jane@example.org',
    'user:42',
    ':42',
    '#42',
    '$42',
  ],
  ...[
    'jennifer.null',
    'jennifer_null',
    'null.jennifer@example.org',
    'jennifer-null',
    'Null Island',
    "O'Null",
    'Nullmann',
  ],
  ...[
    'S-1-5-21-1004336348',
    'S-1-5-21-1004336348-1177238915-682003330-512',
    'map-42',
    'optional-12',
    'promise',
    'Nat',
    'MA',
  ],
  ...[
    'CN=Jane Doe,OU=Users,DC=example,DC=com',
    'EXAMPLE\\jdoe',
    'jdoe@EXAMPLE.COM',
    'uid=jdoe,ou=people,dc=example',
  ],
  ...[
    'urn:uuid:3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'acct:jane@example.org',
    'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH',
  ],
  ...[
    'https://idp.example/users/42',
    'mailto:jane@example.org',
    'tel:+33123456789',
    '+33 1 23 45 67 89',
    '192.0.2.1',
    '2001:db8::1',
  ],
  ...[
    'arn:aws:iam::123456789012:user/Jane',
    'eu-west-1:3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'gid://shopify/Customer/42',
  ],
  ...[
    'cus_NffrFeUfNV2Hib',
    '0035g00000abcdeAAA',
    '001234.0a1b2c3d4e5f60718293a4b5c6d7e8f9.0123',
    'VXNlcjo0Mg==',
    '507f1f77bcf86cd799439011',
  ],
  ...[
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '0x71C7656EC7ab88b098defB751B7401B5f6d8976F',
    '1',
    '42',
    '00',
    '-2',
    '007',
    '1e5',
    '3.14',
  ],
  ...[
    'Anna@12345',
    'anna@cafe',
    'alice@beefed',
    'Jane@12345678',
    'jane.doe@cafe1',
    'alice#1234',
    'a=b',
    'k=v;w=x',
    'x/y',
    'a|b',
  ],
  ...[
    'user-1',
    'user_test1',
    'customer-42',
    'client:anna',
    'visitor-7f3a',
    'member/null',
    'account.undefined.42',
    'id-1',
    'userundefined42',
  ],
  ...[
    'u-null-7',
    'null1',
    'testa',
    'guest1',
    'undefinedx',
    'noneya',
    'truecolor',
    'Jane (Guest)',
    '(Jane)',
    '"42"',
    '[42]',
    '{a}',
    '<b>a',
    'a<b>',
  ],
  ...[
    '李小龍',
    'Зоя',
    'محمد',
    'משה',
    'Łukasz',
    'José María',
    'Ζωή',
    'ユーザー42',
    '사용자',
    'สมชาย',
    'नमस्ते',
    'O’Brien',
    'd’Artagnan',
  ],
  ...[
    'Xavier',
    'Xxavier',
    'class of 42',
    'Arrays',
    'objectif-lune',
    'Some One',
    'Justin',
    'Okan',
    'b42',
    "b'elanna",
  ],
  ...[
    'System.Administrator',
    'Microsoft.Jane',
    'System.Jane',
    'Jane.Doe',
    'Maximilian.Q.Public',
    'map',
    'resource-5',
    'array-1',
    'set(1)',
  ],
  ...[
    '50%',
    '100%25',
    '%41',
    'a%20b',
    'Tom & Jerry',
    'Tom &amp; Jerry',
    '?42',
    'who?',
    'x',
    'xx',
    'XY',
    '*42',
    '~jane',
    '_jane_',
    '__jane',
    'jane__',
  ],
  createHash('sha256').update('42').digest('hex'),
  createHash('md5').update('jane@example.org').digest('hex'),
]

for (const [language, texts] of Object.entries(printed)) {
  t.test(`what ${language} prints for a value that is no string is refused`, async (t) => {
    for (const text of texts) {
      t.match(codes(text), ['user_id_placeholder'], text)
    }
  })
}

t.test('templates that nobody filled in, and words for anybody, are refused', async (t) => {
  for (const text of [...templates, ...anybody]) {
    t.strictSame(codes(text), ['user_id_placeholder'], text)
  }
})

t.test('behind a generic prefix or another placeholder the rest is judged alone', async (t) => {
  for (const text of composed) {
    t.strictSame(codes(text), ['user_id_placeholder'], text)
  }
  const given = userIdRules({ userIdPlaceholders: ['Invit\u00e9'], allowedUserIds: ['guest', 'user-none'] })
  t.strictSame(codes('customer-invit\u00e9', given), ['user_id_placeholder'], "a profile's own")
  t.strictSame(codes('user-none', given), [], 'allowed as a whole')
  t.strictSame(codes('user-guest', given), [], 'what is allowed alone is allowed behind a prefix')
  for (const id of ['user-0', 'user-00', 'visitor:0', 'visitor-0-0', 'shop-0-0']) {
    t.strictSame(codes(id), [], `${id} is numbered from zero`)
  }
})

t.test('a hash or an encoding of no value is refused', async (t) => {
  for (const value of ['', 'undefined', 'null', 'None', '[object Object]']) {
    for (const hash of ['md5', 'sha1', 'sha256', 'sha512']) {
      const digest = createHash(hash).update(value).digest('hex')
      t.strictSame(codes(digest), ['user_id_placeholder'], `${hash} of ${JSON.stringify(value)}`)
      t.strictSame(codes(`user-${digest}`), ['user_id_placeholder'])
    }
    if (value.length > 3) {
      t.strictSame(codes(Buffer.from(value).toString('base64')), ['user_id_placeholder'], value)
    }
  }
})

t.test('ids of real people and systems pass, in any script', async (t) => {
  for (const id of real) {
    t.strictSame(codes(id.normalize('NFC')), [], id)
  }
})

t.test('a replacement character, as it is or escaped, is proof that ids were merged', async (t) => {
  const latin1 = (...bytes: number[]) => Buffer.from([0x75, ...bytes]).toString('utf8')
  t.equal(latin1(0xe9), latin1(0xe8), 'two ids in Latin-1, read as UTF-8, are one')
  for (const id of [
    latin1(0xe9),
    '\ufffd',
    'a\ufffdb',
    'uï¿½',
    'u%EF%BF%BD',
    'u\\ufffd',
    'u&#65533;',
    'u&#xFFFD;',
  ]) {
    t.strictSame(codes(id), ['user_id_replacement_character'], encodeURIComponent(id))
  }
  t.strictSame(codes('\ufffd', userIdRules({ allowedUserIds: ['\ufffd'] })), [
    'user_id_replacement_character',
  ])
})

t.test('the judgement of any 255 units takes bounded work', async (t) => {
  const texts = [
    '(',
    '[{',
    '%25',
    '&amp;',
    'user-',
    '$',
    '@',
    ':',
    '? ',
    '() => ',
    'a.',
    '{id=',
    '&lt;',
    '"',
    '_',
    'a(',
  ]
  const start = process.cpuUsage()
  for (const text of texts) {
    const id = text.repeat(255).slice(0, 255)
    for (let round = 0; round < 20; round++) {
      checkUserId(id, rules)
    }
  }
  const { user } = process.cpuUsage(start)
  t.ok(user / (texts.length * 20) < 5_000, 'less than 5 ms of processor time each')
})
