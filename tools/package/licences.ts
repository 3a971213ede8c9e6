import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const packagePath = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/
const isLicence = /^(licen[cs]e|copying|notice)([.-].*)?$/i

/** A package's name, version, licence and the texts that go along with its code. */
async function licenceOf(root: string, path: string): Promise<string> {
  const folder = join(root, path)
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const files = (await readdir(folder)).filter((file) => isLicence.test(file)).sort()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const title = `${name} ${version} (${typeof license === 'string' ? license : JSON.stringify(license)})`
  return [title, '', ...texts.map((text) => text.trim())].join('\n')
}

/**
 * The licences of what a bundle holds.
 *
 * @param inputs paths of the files in it, from the root
 * @returns one part for each package, by its name
 */
export async function licencesOf(root: string, inputs: readonly string[]): Promise<string> {
  const paths = new Set(
    inputs.map((input) => packagePath.exec(input)?.[0]).filter((path) => path !== undefined),
  )
  const parts = await Promise.all([...paths].sort().map((path) => licenceOf(root, path)))
  const line = `\n\n${'-'.repeat(80)}\n\n`
  return `Padlock's program holds code of these packages.${line}${parts.join(line)}\n`
}
