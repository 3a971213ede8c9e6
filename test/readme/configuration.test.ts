import { readFile } from 'node:fs/promises'
import t from 'tap'
import { ConfigSchema } from '../../src/config.ts'
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
