import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { differences } from '../../../tools/release/comparison.ts'
import { filesOfTar, hashOf } from '../../../tools/release/tar.ts'

const folder = mkdtempSync(join(tmpdir(), 'padlock-tar-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const long = `${'folder-of-a-long-name/'.repeat(12)}ünïcode`
const at = (path: string) => join(folder, path)
mkdirSync(at(join(long, '..')), { recursive: true })
writeFileSync(at(long), 'long')
writeFileSync(at('file'), 'text')
chmodSync(at('file'), 0o4750)
linkSync(at('file'), at('second'))
symlinkSync('file', at('link'))
mkdirSync(at('empty'), { mode: 0o700 })

const pack = (...options: string[]) =>
  execFileSync('tar', [
    '-c',
    '--format=pax',
    '--owner=:65532',
    '--group=:7',
    '--sort=name',
    ...options,
    '-C',
    folder,
    '.',
  ])
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

t.test('each path has its type, mode, owner, link and content', async (t) => {
  const files = filesOfTar(pack())
  const of = (path: string) => JSON.parse(files.get(path) as string)
  t.strictSame(of('/file'), { type: 'file', mode: '4750', owner: '65532:7', sha256: sha256('text') })
  t.match(of('/second'), { type: 'hard link', link: './file' })
  t.match(of('/link'), { type: 'link', link: 'file' })
  t.strictSame(of('/empty'), { type: 'folder', mode: '700', owner: '65532:7' })
  t.match(of(`/${long}`), { type: 'file', sha256: sha256('long') })
  t.equal(of('/').type, 'folder')
  t.equal(files.size, 6 + 12)
})

t.test('ustar says the same', async (t) => {
  const without = ['--exclude=./folder*', '--format=ustar']
  t.strictSame(filesOfTar(pack(...without)), filesOfTar(pack('--exclude=./folder*')))
})

t.test('neither times nor the order of the archive change the hash; all else does', async (t) => {
  const before = filesOfTar(pack())
  utimesSync(at('empty'), 1, 1)
  const touched = filesOfTar(pack('--mtime=@1.5'))
  t.equal(hashOf(touched), hashOf(before))
  t.equal(hashOf(new Map([...before].reverse())), hashOf(before))
  t.strictSame(differences(before, touched), [])
  const hashes = new Set([hashOf(before)])
  const changes = [
    () => chmodSync(at('empty'), 0o755),
    () => writeFileSync(at('file'), 'Text'),
    () => symlinkSync('empty', at('another')),
  ]
  for (const change of changes) {
    change()
    hashes.add(hashOf(filesOfTar(pack())))
  }
  hashes.add(hashOf(filesOfTar(pack('--owner=:0'))))
  hashes.add(hashOf(filesOfTar(pack('--pax-option=SCHILY.xattr.user.x:=1'))))
  t.equal(hashes.size, 6)
  t.strictSame(differences(before, filesOfTar(pack())), [
    '/empty differs between two builds of this commit.',
    '/file differs between two builds of this commit.',
    '/another is missing from one of two builds.',
  ])
})

t.test('what is cut off or of another form is no file system', async (t) => {
  t.throws(() => filesOfTar(pack().subarray(0, 3 * 512)), /cut off/)
  t.throws(() => filesOfTar(Buffer.alloc(0)), /cut off/)
  t.throws(() => filesOfTar(pack('--format=gnu')), /not known/)
})
