import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const documents = ['docs/threat-model.md', 'docs/tls.md', 'SECURITY.md']

for (const document of documents) {
  t.test(`each file that ${document} names is there`, async (t) => {
    const text = await readFile(join(root, document), 'utf8')
    const targets = Array.from(text.matchAll(/\]\(([^)#:]+)\)/g), ([, target]) => target as string)
    t.not(targets.length, 0)
    for (const target of targets) {
      await t.resolves(access(join(root, dirname(document), target)), target)
    }
  })
}

t.test('each threat of the model has a test, and each letter of STRIDE stands in it', async (t) => {
  const text = await readFile(join(root, 'docs/threat-model.md'), 'utf8')
  const rows = Array.from(text.matchAll(/^\| ([STRIDE]) \| (.+?) \| .+ \| (.+) \|$/gm))
  t.strictSame(new Set(rows.map(([, letter]) => letter)), new Set('STRIDE'))
  for (const [, , threat, tests] of rows) {
    t.match(tests, /\]\(\.\.\/test\/[\w/-]+\.test\.ts\)/, threat as string)
  }
})
