import { rename, writeFile } from 'node:fs/promises'

/** A value as a shell and Node's parseEnv both read it: a path may have spaces. */
const quoted = (value: string | number) => (/^[\w./:+-]*$/.test(String(value)) ? value : `'${value}'`)

/** Writes KEY=value lines, readable by their owner only, in one step: a reader never sees half of it. */
export async function writeEnvFile(
  path: string,
  values: Readonly<Record<string, string | number>>,
): Promise<void> {
  const text = Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('')
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
