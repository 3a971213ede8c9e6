import { rename, writeFile } from 'node:fs/promises'

/** Writes KEY=value lines, readable by their owner only, in one step: a reader never sees half of it. */
export async function writeEnvFile(
  path: string,
  values: Readonly<Record<string, string | number>>,
): Promise<void> {
  const text = Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
