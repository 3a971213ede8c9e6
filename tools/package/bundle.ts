import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { licencesOf } from './licences.ts'

// Writes dist/, the package as it is published: a program without dependencies. Node strips no types below
// node_modules, so what is installed must be JavaScript.

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const fromRoot = (path: string) => join(root, path)

/** Options of Node that `padlock serve` runs best with: the program cannot set them itself. */
const nodeOptions: readonly string[] = ['--max-semi-space-size=16', '--v8-pool-size=1']

/** CommonJS packages ask for their neighbours, and for their own folder. */
const commonJs = [
  "import { createRequire } from 'node:module'",
  'const require = createRequire(import.meta.url)',
  'const { filename: __filename, dirname: __dirname } = import.meta',
].join('; ')

/** Writes the program. @returns the paths of the files that are in it, from the root of the checkout */
async function writeProgram(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts', 'src/health-check.ts'],
    outdir: join(dist, 'lib'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // What publishes both: CommonJS cannot be cut to what is used.
    mainFields: ['module', 'main'],
    // node-vault loads axios, and never uses it here: it would be 9 MB of memory. Much of undici is 3 MB.
    alias: {
      axios: fromRoot('tools/package/no-axios.cjs'),
      undici: fromRoot('tools/package/undici.js'),
    },
    // A stack trace leads somewhere. Not `keepNames`, which names each closure again whenever it is made.
    minify: false,
    banner: { js: commonJs },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  // Alone, and readable for any Node.
  await build({
    absWorkingDir: root,
    entryPoints: ['src/padlock.ts'],
    outfile: join(dist, 'padlock.js'),
    format: 'esm',
    banner: { js: `#!/usr/bin/env -S node ${nodeOptions.join(' ')}` },
    logLevel: 'warning',
  })
  const padlock = await readFile(join(dist, 'padlock.js'), 'utf8')
  await writeFile(join(dist, 'padlock.js'), padlock.replace('./main.ts', './lib/main.js'), { mode: 0o755 })
  return Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))
}

/** What package.json says to whom installs it: nothing is to be installed beside it. */
async function writeManifest(): Promise<void> {
  const { name, version, description, license, type, engines } = JSON.parse(
    await readFile(fromRoot('package.json'), 'utf8'),
  )
  const manifest = {
    ...{ name, version, description, license, private: true, type, engines },
    bin: { padlock: 'padlock.js' },
  }
  await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

await rm(dist, { recursive: true, force: true })
await mkdir(join(dist, 'lib'), { recursive: true })
const inputs = await writeProgram()
await writeManifest()
await writeFile(join(dist, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(root, inputs))
for (const name of ['LICENSE', 'README.md', 'vault-policies']) {
  await cp(fromRoot(name), join(dist, name), { recursive: true })
}
// Where @fastify/swagger-ui looks for them, seen from dist/lib.
await cp(fromRoot('node_modules/@fastify/swagger-ui/static'), join(dist, 'static'), { recursive: true })
