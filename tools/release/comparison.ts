import { isDeepStrictEqual } from 'node:util'

/** What a build of a release made, by the names of its files: their bytes, or for an image's files a line for each. */
export type BuiltFiles = ReadonlyMap<string, Buffer | string>

/** A bill of materials (CycloneDX 1.5) without the two fields that differ each time: its serial number and its time. */
export function comparableSbom(text: Buffer | string): unknown {
  const { serialNumber: _serialNumber, metadata, ...rest } = JSON.parse(text.toString())
  const { timestamp: _timestamp, ...others } = metadata
  return { ...rest, metadata: others }
}

/**
 * What differs between two builds of one commit.
 *
 * @returns a sentence for each file: bills of materials (`.cdx.json`) are compared by what they say, all else by bytes
 */
export function differences(first: BuiltFiles, second: BuiltFiles): string[] {
  const comparable = (name: string, content: Buffer | string) =>
    name.endsWith('.cdx.json') ? comparableSbom(content) : content
  const faults: string[] = []
  for (const name of new Set([...first.keys(), ...second.keys()])) {
    const [a, b] = [first.get(name), second.get(name)]
    if (a === undefined || b === undefined) {
      faults.push(`${name} is missing from one of two builds.`)
    } else if (!isDeepStrictEqual(comparable(name, a), comparable(name, b))) {
      faults.push(`${name} differs between two builds of this commit.`)
    }
  }
  return faults
}

/**
 * What is wrong with the changelog of a release.
 *
 * @param version as package.json has it
 * @returns undefined where the version has its section, with a date
 */
export function changelogFault(changelog: string, version: string): string | undefined {
  const title = changelog.split('\n').find((line) => line.startsWith(`## [${version}]`))
  if (title === undefined) {
    return `CHANGELOG.md has no section for ${version}, which package.json names.`
  }
  return / - \d{4}-\d{2}-\d{2}$/.test(title) ? undefined : `CHANGELOG.md has no date for ${version}.`
}
