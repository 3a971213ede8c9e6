import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { madeOnce } from '../../../tools/cache/user-cache.ts'

const never = () => {
  throw new Error('nobody else makes it')
}

t.test('several that want the same get what one of them makes', async (t) => {
  const target = join(t.testdir(), 'cache/program')
  let made = 0
  let waited = 0
  const want = () =>
    madeOnce({
      target,
      onWait: () => waited++,
      make: async (temporary) => {
        made++
        await writeFile(temporary, 'whole')
        return temporary
      },
    })
  t.strictSame(await Promise.all([want(), want(), want()]), [target, target, target])
  t.strictSame([made, waited], [1, 2])
  t.equal(await readFile(target, 'utf8'), 'whole')
  t.strictSame(await readdir(join(target, '..')), ['program'])
})

t.test('of what could not be made, nothing is left, and it is made the next time', async (t) => {
  const target = join(t.testdir(), 'cache/program')
  const broken = async (temporary: string) => {
    await mkdir(join(temporary, 'half'), { recursive: true })
    throw new Error('the network is down')
  }
  await t.rejects(madeOnce({ target, onWait: never, make: broken }), { message: 'the network is down' })
  t.strictSame(await readdir(join(target, '..')), [])
  const make = async (temporary: string) => {
    await mkdir(join(temporary, 'kept'), { recursive: true })
    return join(temporary, 'kept')
  }
  t.equal(await madeOnce({ target, onWait: never, make }), target)
  t.strictSame(await readdir(join(target, '..')), ['program'])
})

t.test('a folder that is not fit for use is replaced', async (t) => {
  const target = join(t.testdir({ programs: { old: '' } }), 'programs')
  const isThere = async () => (await readdir(target)).includes('new')
  const make = async (temporary: string) => {
    await mkdir(temporary)
    await writeFile(join(temporary, 'new'), '')
    return temporary
  }
  await madeOnce({ target, isThere, onWait: never, make })
  t.strictSame(await readdir(target), ['new'])
})

t.test('a cache that cannot be written', async (t) => {
  const target = join(t.testdir({ file: '' }), 'file/program')
  const make = async () => 'nothing'
  await t.rejects(madeOnce({ target, onWait: never, make }), {
    message: `${join(target, '..')} cannot be written: set XDG_CACHE_HOME to a folder that can.`,
  })
})
