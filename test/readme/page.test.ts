import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readme, readmeBlocks } from '../support/readme.ts'

const text = await readFile(readme, 'utf8')
const root = dirname(fileURLToPath(readme))

/** The anchor that GitHub makes of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

t.test('every block of code has a test that names it', async (t) => {
  const tests = await Promise.all(
    (await readdir(import.meta.dirname)).map((name) => readFile(join(import.meta.dirname, name), 'utf8')),
  )
  // The picture is drawn by whoever shows the page.
  const names = [...(await readmeBlocks()).keys()].filter((name) => name !== 'mermaid')
  t.ok(names.length > 9)
  for (const name of names)
    t.ok(
      tests.some((test) => test.includes(`block('${name}')`)),
      name,
    )
})

t.test('every link leads to a file or a heading', async (t) => {
  const headings = Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) => anchor(heading as string))
  for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
    if (target.startsWith('#')) t.ok(headings.includes(target.slice(1)), target)
    else await t.resolves(stat(join(root, target)), target)
  }
})

t.test('every claim of security has a test', async (t) => {
  const section = text.slice(text.indexOf('## Security'), text.indexOf('## Why this'))
  const rows = Array.from(section.matchAll(/^\| (.*) \| (.*) \|$/gm)).slice(1)
  t.ok(rows.length > 5)
  for (const [, claim, tests] of rows) t.match(tests, /\]\(test\//, `${claim}`)
})

t.test('every command of make and npm that the page names is there', async (t) => {
  const makefile = await readFile(join(root, 'Makefile'), 'utf8')
  for (const [, target] of text.matchAll(/(?:`|^)make ([a-z]+)/gm))
    t.match(makefile, new RegExp(`^${target}:`, 'm'))
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  for (const [, script] of text.matchAll(/npm run -s ([\w:]+)/g))
    t.ok(scripts[script as string], `npm run ${script}`)
})
