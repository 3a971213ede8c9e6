import { Option } from '@commander-js/extra-typings'
import { type ParseError, parse } from 'jsonc-parser'
import { usageError } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import type { Terminal } from '../../cli/terminal.ts'

/** Settings from a file: bare ones, or what `padlock profile show --output json` prints. */
export interface SettingsFile {
  settings: Record<string, unknown>
  /** the KV version that they were read from, where the file says it */
  version: number | undefined
}

/** `--from`, of commands that write a profile. */
export const fromOption = () =>
  new Option(
    '--from <file>',
    'take the fields from JSON, as `profile show --output json` prints it; - is standard input',
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads settings from a JSON file, or from standard input where it is `-`.
 *
 * @throws CommandError with exit code 2 for what is not a JSON object
 */
export async function readSettingsFile(terminal: Terminal, file: string): Promise<SettingsFile> {
  const text = (await readInput(terminal, file, '--from')).toString('utf8')
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { disallowComments: true, allowTrailingComma: false })
  const [first] = errors
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split('\n').length
    throw usageError(`--from is not JSON: line ${line} cannot be read.`)
  }
  if (!isObject(value)) {
    throw usageError('--from must hold a JSON object.')
  }
  if (!isObject(value.settings)) {
    return { settings: value, version: undefined }
  }
  return { settings: value.settings, version: typeof value.version === 'number' ? value.version : undefined }
}
