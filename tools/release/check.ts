import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { engineVersion } from '../engine/running-engine.ts'
import { changelogFault, differences } from './comparison.ts'
import { filesOfBuiltImage } from './image.ts'
import { hashOf } from './tar.ts'

// Builds what a release publishes from two clean checkouts of this commit, and compares the two: the package that npm
// installs, its bill of materials, and the image where a container engine answers. Package and bill are written to
// dist/release/, with checksums.

const root = join(import.meta.dirname, '../..')
const out = join(root, 'dist/release')
const run = promisify(execFile)

const { version }: { version: string } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

async function inFolder(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(command, args, { cwd, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** Makes a clean checkout; all have one name, which the bill of materials repeats. */
async function checkOut(work: string, name: string): Promise<string> {
  const folder = join(work, name)
  await mkdir(folder)
  await inFolder(folder, 'git', 'clone', '--quiet', '--no-hardlinks', root, 'padlock')
  return join(folder, 'padlock')
}

/** Builds the package and its bill of materials. @returns both by name */
async function build(checkout: string): Promise<Map<string, Buffer>> {
  await inFolder(checkout, 'make', 'package')
  const tarball = `padlock-${version}.tgz`
  const sbom = ['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--omit=optional', '--package-lock-only']
  return new Map([
    [tarball, await readFile(join(checkout, 'dist', tarball))],
    [`padlock-${version}.cdx.json`, Buffer.from(await inFolder(checkout, 'npm', ...sbom))],
  ])
}

async function check(work: string): Promise<string[]> {
  const fault = changelogFault(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), version)
  const unsaved = await inFolder(root, 'git', 'status', '--porcelain')
  const faults = [
    ...(fault === undefined ? [] : [fault]),
    ...(unsaved === '' ? [] : ['The checkout has changes that are not committed: they are in no build.']),
  ]
  // Before two builds, which take minutes.
  if (faults.length > 0) {
    return faults
  }
  const checkouts = [await checkOut(work, 'first'), await checkOut(work, 'second')] as const
  const first = await build(checkouts[0])
  const differing = differences(first, await build(checkouts[1]))
  const image = (await engineVersion()) ? await filesOfBuiltImage(checkouts[0]) : undefined
  if (image !== undefined) {
    differing.push(...differences(image, await filesOfBuiltImage(checkouts[1])))
  }
  if (differing.length > 0) {
    return differing
  }
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const sums: string[] = []
  for (const [name, bytes] of first) {
    await writeFile(join(out, name), bytes)
    sums.push(`${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
  }
  await writeFile(join(out, 'SHA256SUMS'), sums.join(''))
  console.log(`Two builds of this commit are the same. dist/release/ has them:\n\n${sums.join('')}`)
  console.log(
    image === undefined
      ? 'The image was not compared: no container engine answers to `docker version`.'
      : `Two builds of the image have the same ${image.size} files, but for /app/compiled: sha256:${hashOf(image)}`,
  )
  return []
}

const work = await mkdtemp(join(tmpdir(), 'padlock-release-'))
try {
  const faults = await check(work)
  for (const fault of faults) {
    console.error(fault)
  }
  process.exitCode = faults.length > 0 ? 1 : 0
} finally {
  await rm(work, { recursive: true, force: true })
}
