import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { usageError } from '../../cli/exit.ts'
import { parseDuration } from '../../cli/values/duration.ts'
import { type FieldKind, fieldGroups, fields, keyFields, recipientFields } from './fields.ts'

/** One `--set`, `--unset`, `--add` or `--remove`. */
export interface Edit {
  kind: 'set' | 'unset' | 'add' | 'remove'
  field: string
  /** as it was typed; '' for `unset` */
  value: string
}

function checkField(field: string, kind: Edit['kind']): void {
  if (field in fields || (kind === 'unset' && fieldGroups.includes(field))) {
    return
  }
  const top = field.split('.', 1)[0] as string
  if ((keyFields as readonly string[]).includes(top)) {
    throw new InvalidArgumentError(`${top} is changed by \`padlock key\` alone, which checks it.`)
  }
  if ((recipientFields as readonly string[]).includes(top)) {
    throw new InvalidArgumentError(`${top} is changed by \`padlock recipient\` alone, which checks it.`)
  }
  throw new InvalidArgumentError(`There is no such field; there are ${Object.keys(fields).join(', ')}.`)
}

/** One edit as it was typed: `field=value`, or a field alone for `unset`. */
function parseEdit(kind: Edit['kind'], argument: string): Edit {
  const at = argument.indexOf('=')
  if (kind === 'unset' ? at !== -1 : at === -1) {
    throw new InvalidArgumentError(kind === 'unset' ? 'Give the name of a field alone.' : 'Give field=value.')
  }
  const field = kind === 'unset' ? argument : argument.slice(0, at)
  checkField(field, kind)
  const isList = fields[field]?.kind === 'list'
  if ((kind === 'add' || kind === 'remove') && !isList) {
    throw new InvalidArgumentError(`${field} is no list: use --set or --unset.`)
  }
  return { kind, field, value: kind === 'unset' ? '' : argument.slice(at + 1) }
}

/** The options of edits. Each holds the edits of all four, in the order in which they were given. */
export function editOptions() {
  const edits: Edit[] = []
  const parser = (kind: Edit['kind']) => (argument: string) => {
    edits.push(parseEdit(kind, argument))
    return edits
  }
  return {
    set: new Option(
      '--set <field=value>',
      'set a field; can be given many times, as the next three',
    ).argParser(parser('set')),
    unset: new Option('--unset <field>', 'take a field away: its default holds').argParser(parser('unset')),
    add: new Option('--add <field=value>', 'add an entry to a list').argParser(parser('add')),
    remove: new Option('--remove <field=value>', 'remove an entry from a list').argParser(parser('remove')),
  }
}

/** The edits that were given, whichever options they came with. */
export const editsOf = ({ set, unset, add, remove }: Partial<Record<Edit['kind'], Edit[]>>): Edit[] =>
  set ?? unset ?? add ?? remove ?? []

function parsed(field: string, kind: FieldKind, text: string): unknown {
  const wrong = (what: string) => usageError(`--set ${field}: ${what}.`)
  if (kind === 'text') {
    return text
  }
  if (kind === 'true or false') {
    if (text === 'true' || text === 'false') {
      return text === 'true'
    }
    throw wrong('give true or false')
  }
  if (kind === 'time') {
    const seconds = parseDuration(text)
    if (seconds === undefined) {
      throw wrong('give a time such as 60, 90s or 5m')
    }
    return seconds
  }
  if (kind === 'list') {
    let list: unknown
    try {
      list = JSON.parse(text)
    } catch {}
    if (Array.isArray(list)) {
      return list
    }
    throw wrong('give a JSON list such as ["a","b"], or use --add and --remove')
  }
  if (!/^-?\d+(\.\d+)?$/.test(text)) {
    throw wrong(`give a ${kind}`)
  }
  return Number(text)
}

type Fields = Record<string, unknown>

function assign(settings: Fields, field: string, value: unknown): void {
  const [name, inner] = field.split('.') as [string, string?]
  if (inner === undefined) {
    if (value === undefined) {
      delete settings[name]
    } else {
      settings[name] = value
    }
    return
  }
  const group: Fields = { ...(settings[name] as Fields | undefined) }
  if (value === undefined) {
    delete group[inner]
  } else {
    group[inner] = value
  }
  if (Object.keys(group).length > 0) {
    settings[name] = group
  } else {
    delete settings[name]
  }
}

function editedList(present: unknown, { kind, field, value }: Edit): unknown[] | undefined {
  const list = Array.isArray(present) ? present : []
  if (kind === 'add') {
    return list.includes(value) ? list : [...list, value]
  }
  if (!list.includes(value)) {
    throw usageError(`--remove ${field}: it has no such entry.`)
  }
  const rest = list.filter((entry) => entry !== value)
  return rest.length > 0 ? rest : undefined
}

/**
 * The editable settings with the edits made, in the order that they were given in.
 *
 * @throws CommandError with exit code 2 for a value of the wrong kind
 */
export function applyEdits(settings: Fields, edits: readonly Edit[]): Fields {
  const result = { ...settings }
  for (const change of edits) {
    const { kind, field, value } = change
    if (kind === 'unset') {
      assign(result, field, undefined)
    } else if (kind === 'set') {
      assign(result, field, parsed(field, fields[field]?.kind as FieldKind, value))
    } else {
      assign(result, field, editedList(result[field], change))
    }
  }
  return result
}
