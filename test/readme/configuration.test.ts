import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { ConfigSchema } from '../../src/config/schema.ts'
import { configurationPage } from '../../tools/docs/configuration-page.ts'
import { envExample } from '../../tools/docs/env-example.ts'
import { variables } from '../../tools/docs/variables.ts'

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')
const names = Object.keys(ConfigSchema.properties)

t.test('.env.example assigns every variable of the schema once, and no other', async (t) => {
  const text = await read('.env.example')
  t.strictSame(
    text.match(/^\w+(?==)/gm),
    names,
    'after a change of src/config/schema.ts run `npm run -s docs:config`',
  )
  t.equal(text, envExample(variables()))
})

t.test('filled in with what is required, .env.example is a configuration of all defaults', async (t) => {
  const required = {
    PADLOCK_VAULT_ROLE_ID: 'r',
    PADLOCK_VAULT_SECRET_ID: 's',
    PADLOCK_CALLER_JWKS_URL: 'https://issuer.test/keys',
    PADLOCK_CALLER_ISSUER: 'https://issuer.test',
    PADLOCK_CALLER_AUDIENCE: 'padlock',
  }
  const example = parseEnv(await read('.env.example'))
  t.strictSame(loadConfig({ ...example, ...required }), loadConfig(required))
})

t.test('a shell reads .env.example, as its first lines have it', async (t) => {
  const text = await read('.env.example')
  const [, line = ''] = /^# {3}(set -a; .*); padlock serve$/m.exec(text) ?? []
  const folder = t.testdir({ '.env': text })
  const stdout = execFileSync('env', ['-i', 'sh', '-c', `${line}; env`], { cwd: folder, encoding: 'utf8' })
  t.match(parseEnv(stdout), parseEnv(text))
})

t.test('docs/configuration.md has every variable of the schema once, and no other', async (t) => {
  const page = await read('docs/configuration.md')
  t.strictSame(
    Array.from(page.matchAll(/^\| `([A-Z_]+)` \|/gm), (match) => match[1] as string).sort(),
    [...names].sort(),
    'after a change of src/config/schema.ts run `npm run -s docs:config`',
  )
  t.equal(page, configurationPage(variables()))
})

t.test('every secret can come from a file', async (t) => {
  for (const name of names.filter((name) => /SECRET_ID$|TOKEN$|ROLE_ID$/.test(name))) {
    t.ok(names.includes(`${name}_FILE`), name)
  }
})

t.test('a variable that belongs to no topic is not left out of the page', async (t) => {
  const stranger = { name: 'PADLOCK_X', meaning: '', values: '', standard: undefined, required: false }
  t.throws(() => configurationPage([...variables(), stranger]), /PADLOCK_X belongs to no topic/)
})
