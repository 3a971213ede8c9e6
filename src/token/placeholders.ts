/**
 * Values that broken code sends where a userId belongs, in lower case: each one would make
 * every visitor without an id the same visitor.
 */
export const builtInPlaceholders: ReadonlySet<string> = new Set([
  // what languages print for "no value"
  'undefined',
  'null',
  'nil',
  'none',
  'nan',
  'undef',
  'void',
  'nothing',
  'empty',
  'missing',
  'infinity',
  '-infinity',
  'true',
  'false',
  '(null)',
  '(nil)',
  '(none)',
  '(undefined)',
  '#n/a',
  '#null!',
  'n/a',
  'not set',
  'not_set',
  'not available',
  '\\n',
  // what languages print for "some object"
  'object',
  'array',
  'system.object',
  '[]',
  '{}',
  '""',
  "''",
  '[]interface {}',
  // numbers that stand for "no row"
  '0',
  '-1',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '00000000000000000000000000000000',
  'ffffffffffffffffffffffffffffffff',
  '{00000000-0000-0000-0000-000000000000}',
  '{ffffffff-ffff-ffff-ffff-ffffffffffff}',
  'urn:uuid:00000000-0000-0000-0000-000000000000',
  'urn:uuid:ffffffff-ffff-ffff-ffff-ffffffffffff',
  '000000000000000000000000',
  // words that stand for anybody
  'anonymous',
  'anon',
  'guest',
  'unknown',
  'visitor',
  'customer',
  'nobody',
  'user',
  'default',
  'test',
  'example',
  'sample',
  'dummy',
  'placeholder',
  'todo',
  'tbd',
  'xxx',
  'changeme',
  'string',
  // the name of the field in place of its value
  'id',
  'uid',
  'uuid',
  'userid',
  'user_id',
  'user-id',
  'user id',
  'user.id',
  'your_user_id',
  'your-user-id',
  '$userid',
  '$user_id',
  '{userid}',
  '{user_id}',
  '%userid%',
  '%user_id%',
  '__user_id__',
])

/** Templates that nobody filled in, and objects printed in place of their id: known by their form, whatever stands inside. */
export const placeholderForms: readonly RegExp[] = [
  // <userId>, and what Go and Python print: <nil>, <User object at 0x…>; Ruby: #<User:0x…>
  /^#?<.*>$/su,
  // Mustache, Handlebars, Jinja, Liquid, Vue
  /^\{\{.*\}\}$/su,
  // JavaScript, the shell, JSP; Ruby, Pug; Ruby's format
  /^[$#%]\{.*\}$/su,
  // a route's or a statement's parameter
  /^:[\p{L}_][^\s:]*$/u,
  // printf's directives, with their flags, width, precision and length; Go's complaint about one
  /^%(?:\d+\$|\([^)]*\))?[-+ #0]*(?:[1-9]\d*)?(?:\.\d+)?(?:hh|ll|[hljzqtL])?[a-z@]$/iu,
  /^%!.*$/su,
  // JavaScript's Object.prototype.toString
  /^\[object .*\]$/isu,
]
