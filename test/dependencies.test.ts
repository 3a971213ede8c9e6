import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'

interface LockedPackage {
  version?: string
  integrity?: string
  resolved?: string
  link?: boolean
  /** SPDX, or the list of an older form */
  license?: string | { type: string }[]
  dev?: boolean
  hasInstallScript?: boolean
}

const root = join(import.meta.dirname, '..')
const read = (name: string) => readFile(join(root, name), 'utf8')
const manifest: Record<string, Record<string, string>> = JSON.parse(await read('package.json'))
const lock: { packages: Record<string, LockedPackage> } = JSON.parse(await read('package-lock.json'))
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** Packages that bring a script for when they are installed, and work without: .npmrc lets none run. */
const bringScripts: readonly string[] = ['@swc/core', 'esbuild']

/** Licences that ask for no more than that their text goes along. */
const licences = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0']
/** What only development uses, and nobody is given: SPDX's own tables, the argument parser of the linters, axe-core. */
const licencesOfTools = [...licences, 'CC-BY-3.0', 'Python-2.0', 'MPL-2.0']

/** The first versions without a fault that was published. */
const atLeast = { 'fast-jwt': '6.3.6', fastify: '5.8.5', jose: '6.0.0', axios: '1.16.0' }

const parts = (version: string) => version.split('-', 1)[0]?.split('.').map(Number) as number[]
function isAtLeast(version: string, least: string): boolean {
  const [given, wanted] = [parts(version), parts(least)]
  const first = given.findIndex((part, i) => part !== wanted[i])
  return first < 0 || (given[first] as number) > (wanted[first] as number)
}

/** Licences that stand in a file of the package alone, and were read there. */
const readByHand: Readonly<Record<string, string>> = { 'jsonc-simple-parser': 'MIT' }

/** One of several, joined by OR in SPDX, is enough. */
function choices(name: string, { license = readByHand[name] ?? 'none' }: LockedPackage): string[] {
  if (typeof license === 'string') {
    return license.replace(/[()]/g, '').split(' OR ')
  }
  return license.map(({ type }) => type)
}

t.test('package.json names exact versions, and nothing but versions', async (t) => {
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries(manifest[kind] as object)) {
      t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
    }
  }
  t.notHas(manifest, { peerDependencies: {} })
})

t.test('package-lock.json has a digest of each package, and no address', async (t) => {
  t.ok(packages.length > 100)
  for (const [path, { version, integrity, resolved, link }] of packages) {
    t.match(version, /^\d+\.\d+\.\d+/, path)
    t.match(integrity, /^sha512-[\w+/]{86}==$/, path)
    // The registry is the user's own; a package from git, a URL or a folder would have its place here.
    t.equal(resolved, undefined, path)
    t.notOk(link, path)
  }
})

t.test('no package has an install script, but for those that are named', async (t) => {
  const scripted = packages
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => nameOf(path))
  t.strictSame(scripted, bringScripts)
})

t.test('the licences are among those that are allowed', async (t) => {
  for (const [path, locked] of packages) {
    const allowed = locked.dev ? licencesOfTools : licences
    const given = choices(nameOf(path), locked)
    t.ok(
      given.some((choice) => choice.split(' AND ').every((part) => allowed.includes(part))),
      `${path}: ${given}`,
    )
  }
})

t.test('packages with known faults in older versions are newer than those', async (t) => {
  for (const [name, least] of Object.entries(atLeast)) {
    const found = packages.filter(([path]) => nameOf(path) === name)
    t.not(found.length, 0, name)
    for (const [path, { version }] of found) {
      t.ok(isAtLeast(version as string, least), `${path} ${version}`)
    }
  }
})

t.test('npm keeps to the policy', async (t) => {
  const settings = Object.fromEntries(
    (await read('.npmrc'))
      .split('\n')
      .filter((line) => line.includes('=') && !line.startsWith('#'))
      .map((line) => line.split('=')),
  )
  t.match(settings, {
    'ignore-scripts': 'true',
    'save-exact': 'true',
    'allow-git': 'none',
    'allow-remote': 'none',
    'omit-lockfile-registry-resolved': 'true',
  })
  t.ok(Number(settings['min-release-age']) >= 3)
  t.notOk(
    Object.keys(settings).some((name) => /(^|:)registry$/.test(name)),
    'no registry',
  )
})
