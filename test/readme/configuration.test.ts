import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import t from 'tap'
import { ConfigSchema, loadConfig } from '../../src/config.ts'
import { envExample } from '../../tools/docs/env-example.ts'
import { withConfigurationTable } from '../../tools/docs/readme-table.ts'
import { variables } from '../../tools/docs/variables.ts'

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')
const names = Object.keys(ConfigSchema.properties)

t.test('.env.example assigns every variable of the schema once, and no other', async (t) => {
  const text = await read('.env.example')
  t.strictSame(
    text.match(/^\w+(?==)/gm),
    names,
    'after a change of src/config.ts run `npm run -s docs:config`',
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

t.test("the README's table has every variable of the schema once, and no other", async (t) => {
  const readme = await read('README.md')
  t.strictSame(
    Array.from(readme.matchAll(/^\| `([A-Z_]+)` \|/gm), (match) => match[1]),
    names,
    'after a change of src/config.ts run `npm run -s docs:config`',
  )
  t.equal(readme, withConfigurationTable(readme, variables()))
})

t.test('every secret can come from a file', async (t) => {
  for (const name of names.filter((name) => /SECRET_ID$|TOKEN$|ROLE_ID$/.test(name))) {
    t.ok(names.includes(`${name}_FILE`), name)
  }
})

t.test('a README without the place for the table is refused', async (t) => {
  t.throws(() => withConfigurationTable('# Padlock', variables()), /does not hold/)
})
