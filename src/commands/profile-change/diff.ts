import { isDeepStrictEqual } from 'node:util'
import { paint, table } from '../../cli/layout.ts'
import { parseRecipientKey } from '../../keys/recipient-key.ts'
import { ProfileSettingsSchema } from '../../token/profile.ts'

/** One field of a profile that is other than it was. */
export interface FieldChange {
  /** JSON Pointer (RFC 6901) into the settings */
  path: string
  /** the value before; there is none for a field that is new */
  from?: unknown
  /** the value after; there is none for a field that is gone */
  to?: unknown
}

type Fields = Record<string, unknown>

/** Vault gives fields back in the order of the alphabet. */
const schemaOrder = Object.keys(ProfileSettingsSchema.properties)

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Objects are compared field by field; a recipient's key is one thing, and so is a list. */
const isOpen = (path: string, value: unknown): value is Fields =>
  isObject(value) && !path.startsWith('/recipientKeys/')

/**
 * What differs between two settings of a profile, in the order of their fields. `changedBy` is left out: it tells who
 * wrote a version, and is no setting.
 */
export function profileDiff(before: unknown, after: unknown): FieldChange[] {
  return changesAt('', before, after).filter(({ path }) => path !== '/changedBy')
}

function changesAt(path: string, from: unknown, to: unknown): FieldChange[] {
  const open = (value: unknown) => (value === undefined && path === '' ? {} : value)
  const [before, after] = [open(from), open(to)]
  const [isBefore, isAfter] = [isOpen(path, before), isOpen(path, after)]
  if ((isBefore || before === undefined) && (isAfter || after === undefined) && (isBefore || isAfter)) {
    const [old, current] = [(before ?? {}) as Fields, (after ?? {}) as Fields]
    const names = [...new Set([...schemaOrder, ...Object.keys(old), ...Object.keys(current)])]
    return names.flatMap((name) => changesAt(`${path}/${name}`, old[name], current[name]))
  }
  if (isDeepStrictEqual(before, after)) {
    return []
  }
  return [
    {
      path,
      ...(before === undefined ? {} : { from: before }),
      ...(after === undefined ? {} : { to: after }),
    },
  ]
}

/** A recipient's key is shown by its fingerprint, all else as JSON. */
function valueText(path: string, value: unknown): string {
  if (!path.startsWith('/recipientKeys/')) {
    return JSON.stringify(value)
  }
  try {
    const { fingerprint, bits } = parseRecipientKey((value as { publicKey: string }).publicKey)
    return `RSA of ${bits} bits, ${fingerprint}`
  } catch {
    return 'not a usable key'
  }
}

/** Of two lists, what only one of them has: a list of a thousand ids is not for reading. */
function listRows(name: string, from: unknown[], to: unknown[]): [sign: Sign, ...string[]][] {
  const rows: [Sign, ...string[]][] = [
    ...from
      .filter((entry) => !to.includes(entry))
      .map((entry) => ['-', name, JSON.stringify(entry)] as [Sign, ...string[]]),
    ...to
      .filter((entry) => !from.includes(entry))
      .map((entry) => ['+', name, JSON.stringify(entry)] as [Sign, ...string[]]),
  ]
  return rows.length > 0 ? rows : [['~', name, 'other order']]
}

type Sign = '+' | '-' | '~'
const colours = { '+': 'green', '-': 'red', '~': 'yellow' } as const

function rowsOf({ path, from, to }: FieldChange): [Sign, ...string[]][] {
  const name = path.slice(1).replaceAll('/', '.')
  if ((Array.isArray(from) || from === undefined) && (Array.isArray(to) || to === undefined)) {
    return listRows(name, (from as unknown[]) ?? [], (to as unknown[]) ?? [])
  }
  if (to === undefined) {
    return [['-', name, valueText(path, from)]]
  }
  if (from === undefined) {
    return [['+', name, valueText(path, to)]]
  }
  return [['~', name, `${valueText(path, from)} -> ${valueText(path, to)}`]]
}

/** A diff for people, row by row: `+` for what is new, `-` for what goes, `~` for what becomes something else. */
export const diffRows = (changes: readonly FieldChange[]): string[][] =>
  changes.flatMap(rowsOf).map(([sign, ...cells]) => [`  ${paint(colours[sign], sign)}`, ...cells])

/** The same as a text, for a message. */
export const diffText = (changes: readonly FieldChange[]): string => table(diffRows(changes))
