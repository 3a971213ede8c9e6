import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onOwnEngine } from '../engine/own-engine.ts'
import { engineVersion } from '../engine/running-engine.ts'
import { untilInterrupted } from '../interruption.ts'
import { changelogFault, differences } from './comparison.ts'
import { filesOfBuiltImage } from './image.ts'
import { hashOf } from './tar.ts'

// Builds what a release publishes from two clean checkouts of this commit, and compares the two: the package that npm
// installs, its bill of materials, and the image, on the container engine that runs here or one of Debian's in a sandbox
// of its own. Package and bill are written to dist/release/, with checksums.

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

/** What forbids a release of this checkout: it is asked before the builds, which take minutes. */
async function faultsOfCheckout(): Promise<string[]> {
  const fault = changelogFault(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), version)
  const unsaved = await inFolder(root, 'git', 'status', '--porcelain')
  return [
    ...(fault === undefined ? [] : [fault]),
    ...(unsaved === '' ? [] : ['The checkout has changes that are not committed: they are in no build.']),
  ]
}

/** Builds all twice and compares. @returns what differs */
async function faultsOfBuilds(work: string): Promise<string[]> {
  const checkouts = [await checkOut(work, 'first'), await checkOut(work, 'second')] as const
  const first = await build(checkouts[0])
  const image = await filesOfBuiltImage(checkouts[0])
  const differing = [
    ...differences(first, await build(checkouts[1])),
    ...differences(image, await filesOfBuiltImage(checkouts[1])),
  ]
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
    `Two builds of the image have the same ${image.size} files, but for /app/compiled: sha256:${hashOf(image)}`,
  )
  return []
}

/** Compares on the engine that runs here. @returns what differs */
async function onRunningEngine(): Promise<string[]> {
  const work = await mkdtemp(join(tmpdir(), 'padlock-release-'))
  try {
    return await faultsOfBuilds(work)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Prints the faults. @returns the exit code */
function report(faults: string[]): number {
  for (const fault of faults) {
    console.error(fault)
  }
  return faults.length > 0 ? 1 : 0
}

async function check(): Promise<number> {
  const faults = await faultsOfCheckout()
  if (faults.length > 0) {
    return report(faults)
  }
  if ((await engineVersion()) !== undefined) {
    return report(await onRunningEngine())
  }
  const ended = await onOwnEngine(import.meta.filename, untilInterrupted())
  return typeof ended === 'number'
    ? ended
    : report([`The image is missing: \`docker version\` names no engine, and ${ended}.`])
}

process.exitCode = await check()
