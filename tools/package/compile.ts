import { once } from 'node:events'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { flushCompileCache, getCompileCacheDir } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

// Runs `padlock serve`, of the folder that is the argument, until it listens, so that Node keeps the code that V8 has
// compiled by then in the folder of NODE_COMPILE_CACHE. The image's build runs it as the user who will run the image:
// Node finds such code again for the same user, version of V8, kind of processor and path alone.

const [folder = '.'] = process.argv.splice(2)
const probe = createServer().listen(0, '127.0.0.1')
await once(probe, 'listening')
const { port } = probe.address() as AddressInfo
probe.close()
const noSecret = join(tmpdir(), 'no-secret')
await writeFile(noSecret, 'none')
Object.assign(process.env, {
  PADLOCK_HOST: '127.0.0.1',
  PADLOCK_PORT: String(port),
  PADLOCK_LOG_LEVEL: 'silent',
  // Nothing listens there: it goes on trying.
  VAULT_ADDR: 'http://127.0.0.1:9',
  PADLOCK_VAULT_ROLE_ID_FILE: noSecret,
  PADLOCK_VAULT_SECRET_ID_FILE: noSecret,
  PADLOCK_CALLER_JWKS_URL: 'https://127.0.0.1:9/jwks.json',
  PADLOCK_CALLER_ISSUER: 'https://issuer.invalid',
  PADLOCK_CALLER_AUDIENCE: 'padlock',
})

process.argv.push('serve')
import(pathToFileURL(join(folder, 'lib/main.js')).href)
const live = () => fetch(`http://127.0.0.1:${port}/health/live`).catch(() => undefined)
while (!(await live())?.ok) {
  await sleep(20)
}
flushCompileCache()

const cache = getCompileCacheDir()
if (cache === undefined) {
  throw new Error('Node keeps no compiled code: set NODE_COMPILE_CACHE to a folder that this user can write.')
}
const files = await readdir(cache)
// In the image they are root's, who alone could read them as they are.
await Promise.all(files.map((file) => chmod(join(cache, file), 0o644)))
await chmod(cache, 0o755)
console.log(`${files.length} files of compiled code in ${cache}`)
process.exit()
