import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { blocksOf } from '../support/readme.ts'

const root = join(import.meta.dirname, '../..')

t.test('`make test-kubernetes` takes every block of docs/kubernetes.md', async (t) => {
  const files = [...globSync('test/kubernetes/*.test.ts', { cwd: root }), 'test/support/overlay.ts']
  const sources = (await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')))).join('\n')
  const names = [...(await blocksOf(new URL('../../docs/kubernetes.md', import.meta.url))).keys()]
  t.ok(names.length > 6)
  for (const name of names) {
    t.match(sources, new RegExp(`(block|docsBlock)\\((\\s*'kubernetes.md',)?\\s*'${name}'`), name)
  }
})
