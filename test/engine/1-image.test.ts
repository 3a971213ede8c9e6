import t from 'tap'
import { docker, figure, inspect } from '../support/engine.ts'

const MB = 1_000_000
const images = { padlock: 165 * MB, 'padlock-development': 250 * MB }

/** Every file and folder of a container's /app, and /app itself. */
const list = `
  const { lstatSync, readdirSync } = require('node:fs')
  const names = ['.', ...readdirSync('/app', { recursive: true })]
  console.log(JSON.stringify(names.map((name) => {
    const { uid, gid, mode } = lstatSync('/app/' + name)
    return { name, uid, gid, mode: mode & 0o7777, link: (mode & 0o170000) === 0o120000 }
  })))`

for (const [image, most] of Object.entries(images)) {
  t.test(`${image}: all that it runs from is root's, and its user can change none of it`, async (t) => {
    const entries = JSON.parse(await docker('run', '--rm', '--entrypoint', 'node', image, '-e', list))
    t.ok(entries.length > 20)
    const wrong = entries.filter(
      ({ uid, gid, mode, link }: { uid: number; gid: number; mode: number; link: boolean }) =>
        uid !== 0 || gid !== 0 || (!link && (mode & 0o022) !== 0),
    )
    t.strictSame(wrong, [])
    t.match((await inspect(image)).Config.User, '65532:65532')
  })

  t.test(`${image}: its size`, async (t) => {
    const { Size } = await inspect(image)
    t.ok(Size <= most, `${Size} bytes`)
    const layers = await docker('history', '--format', '{{.Size}} {{.CreatedBy}}', image)
    const filled = layers.split('\n').filter((layer) => !layer.startsWith('0B'))
    await figure(
      `${image}: ${Math.round(Size / MB)} MB (${filled.map((layer) => layer.slice(0, 60)).join('; ')})`,
    )
  })
}

t.test('the production image brings no source map, type, test or page of a package', async (t) => {
  const entries: { name: string }[] = JSON.parse(
    await docker('run', '--rm', '--entrypoint', 'node', 'padlock', '-e', list),
  )
  const names = entries.map(({ name }) => name)
  t.strictSame(
    names.filter((name) => /\.(map|ts|md)$|(^|\/)(node_modules|tests?|docs?)(\/|$)/.test(name)),
    ['README.md'],
  )
})

t.test('Node finds all that V8 has compiled in the build, on a file system that is read-only', async (t) => {
  // The service itself refuses to start with this variable, and loads its program before it says so.
  const { stderr, stdout } = await docker(
    ...['run', '--rm', '--read-only', '--cap-drop', 'ALL', '--env', 'NODE_DEBUG_NATIVE=COMPILE_CACHE'],
    ...['padlock', 'serve'],
  ).catch((error) => error)
  const said = `${stdout}${stderr}`
  const loaded = Array.from(
    said.matchAll(/reading cache from \S+ for ESM file:\/\/\/app\/(\S+?)\.\.\./g),
    ([, f]) => f,
  )
  const taken = Array.from(
    said.matchAll(/code cache for ESM file:\/\/\/app\/(\S+) was accepted/g),
    ([, f]) => f,
  )
  t.ok(loaded.some((file) => /^lib\/program-/.test(file as string)))
  t.strictSame(taken, loaded)
  t.notMatch(said, /rejected|cannot open|mismatch/)
})
