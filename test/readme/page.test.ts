import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { blocksOf, readme } from '../support/readme.ts'

const text = await readFile(readme, 'utf8')
const root = dirname(fileURLToPath(readme))

/** The anchor that GitHub makes of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

/** Pages whose every block of code is run by a test of this folder. */
const pages = [readme, new URL('docs/integrate.md', readme), new URL('docs/go-live.md', readme)]

t.test('every block of code has a test that names it', async (t) => {
  const tests = await Promise.all(
    (await readdir(import.meta.dirname)).map((name) => readFile(join(import.meta.dirname, name), 'utf8')),
  )
  for (const page of pages) {
    // The site that shows the page draws the picture.
    const names = [...(await blocksOf(page)).keys()].filter((name) => name !== 'mermaid')
    t.ok(names.length > 0)
    for (const name of names) {
      t.ok(
        tests.some((test) => test.includes(`block('${name}'`)),
        name,
      )
    }
  }
})

const documents = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'))
for (const page of ['README.md', 'CONTRIBUTING.md', ...documents.map((name) => join('docs', name))]) {
  t.test(`every link of ${page} leads to a file or a heading`, async (t) => {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) {
        continue
      }
      const [file, heading] = target.split('#') as [string, string?]
      const path = file === '' ? join(root, page) : join(root, dirname(page), file)
      await t.resolves(stat(path), target)
      if (heading !== undefined && path.endsWith('.md')) {
        const headings = Array.from((await readFile(path, 'utf8')).matchAll(/^#+ (.*)$/gm), ([, found]) =>
          anchor(found as string),
        )
        t.ok(headings.includes(heading), `${target} has the heading`)
      }
    }
  })
}

t.test('no block of a page runs padlock by npm: a reader has the command', async (t) => {
  for (const page of ['README.md', ...documents.map((name) => join('docs', name))]) {
    const blocks = (await readFile(join(root, page), 'utf8')).match(/^ *```.*?^ *```$/gms) ?? []
    for (const block of blocks) {
      t.notMatch(block, /npm run|npx /, page)
    }
  }
})

t.test('every promise has a test', async (t) => {
  const model = await readFile(join(root, 'docs/threat-model.md'), 'utf8')
  const section = model.slice(model.indexOf('## What Padlock promises'))
  const rows = Array.from(section.matchAll(/^\| (.*) \| (.*) \|$/gm)).slice(1)
  t.ok(rows.length > 5)
  for (const [, claim, tests] of rows) {
    t.match(tests, /\]\(\.\.\/test\//, `${claim}`)
  }
})

t.test('every command of make and npm that the page names is there', async (t) => {
  const makefile = await readFile(join(root, 'Makefile'), 'utf8')
  for (const [, target] of text.matchAll(/(?:`|^)make ([a-z]+)/gm)) {
    t.match(makefile, new RegExp(`^${target}:`, 'm'))
  }
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  for (const [, script] of text.matchAll(/npm run -s ([\w:]+)/g)) {
    t.ok(scripts[script as string], `npm run ${script}`)
  }
})
