import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { command } from '../../cli/command.ts'
import type { Program } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'

/** What can stand at one place of a command line. */
export interface Candidate {
  word: string
  summary: string
}

/** A flag, by all of its names. */
export interface Flag {
  names: readonly string[]
  summary: string
  /** what stands behind it: nothing, a file, one of a list, or what no list has */
  value?: 'file' | 'free' | readonly string[]
}

/** A command, and what can stand behind it. */
export interface Place {
  /** words behind the program's name, each with a space before it: ` key list`; empty for the program itself */
  path: string
  /** nouns, verbs, or values of an argument that has a list of them */
  words: readonly Candidate[]
  flags: readonly Flag[]
  /** an argument is the path of a file */
  takesFiles: boolean
}

function flagOf({ short, long, flags, description, argChoices, required, optional }: Option): Flag {
  const names = [short, long].filter((name) => name !== undefined)
  if (!required && !optional) {
    return { names, summary: description }
  }
  return { names, summary: description, value: argChoices ?? (/<file\b/.test(flags) ? 'file' : 'free') }
}

function placeOf(path: string, made: CommandUnknownOpts, words: readonly Candidate[] = []): Place {
  const choices = made.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
  return {
    path,
    words: [...words, ...choices.map((word) => ({ word, summary: '' }))],
    flags: made.createHelp().visibleOptions(made).map(flagOf),
    takesFiles: made.registeredArguments.some((argument) => argument.name() === 'file'),
  }
}

const candidates = (list: Readonly<Record<string, { summary: string }>>): Candidate[] =>
  Object.entries(list).map(([word, { summary }]) => ({ word, summary }))

/** Every command of a program with its words and flags, as the commands themselves have them: all are loaded for it. */
export async function placesOf(program: Program, terminal: Terminal): Promise<Place[]> {
  const root = command(program.name, program.summary, program, terminal).version(program.version)
  const help = { word: 'help', summary: 'the help of a command' }
  const places = [placeOf('', root as never, [...candidates(program.commands), help])]
  for (const [name, entry] of Object.entries(program.commands)) {
    if ('load' in entry) {
      const { verb } = await entry.load()
      places.push(placeOf(` ${name}`, verb(name, entry.summary, terminal)))
      continue
    }
    const noun = command(name, entry.summary, entry, terminal) as never
    places.push(placeOf(` ${name}`, noun, candidates(entry.verbs)))
    for (const [word, { summary, load }] of Object.entries(entry.verbs)) {
      const { verb } = await load()
      places.push(placeOf(` ${name} ${word}`, verb(word, summary, terminal)))
    }
  }
  return places
}
