import t from 'tap'
import { differences } from '../../tools/release/comparison.ts'
import { filesOfBuiltImage, filesOfImage } from '../../tools/release/image.ts'
import { hashOf } from '../../tools/release/tar.ts'
import { figure, root } from '../support/engine.ts'

t.test('a second build has the same files, but for what V8 has compiled', async (t) => {
  const first = await filesOfImage('padlock')
  const start = performance.now()
  const second = await filesOfBuiltImage(root)
  t.strictSame(differences(first, second), [])
  t.equal(hashOf(first), hashOf(second))
  for (const path of ['/app/lib/main.js', '/app/compiled', '/usr/local/bin/node']) {
    t.ok(first.has(path), path)
  }
  const seconds = Math.round((performance.now() - start) / 1000)
  await figure(`image built again and compared: ${first.size} files, ${seconds} s, sha256:${hashOf(first)}`)
})
