import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readme } from '../support/readme.ts'

const root = join(import.meta.dirname, '../..')

t.test('each example is run by a test, or says that none does, and is in both lists', async (t) => {
  const entries = await readdir(join(root, 'examples'), { withFileTypes: true })
  const stacks = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  t.ok(stacks.length > 4)
  const names = (await readdir(import.meta.dirname, { recursive: true })).filter((name) =>
    name.endsWith('.test.ts'),
  )
  const tests = await Promise.all(names.map((name) => readFile(join(import.meta.dirname, name), 'utf8')))
  const list = await readFile(join(root, 'examples/README.md'), 'utf8')
  const page = await readFile(readme, 'utf8')
  const untested = stacks.filter((stack) => !tests.some((test) => test.includes(`space.copy('${stack}'`)))
  t.strictSame(untested, ['dotnet'], 'no SDK comes from the registries that the tests use')
  t.match(list, /\[dotnet\].*not compiled here/)
  for (const stack of stacks) {
    t.match(list, `[${stack}](${stack})`)
    t.match(page, `](examples/${stack})`)
    t.match(await readdir(join(root, 'examples', stack)), /README\.md/)
  }
})
