import type { Flag, Place } from './grammar.ts'

/** One branch of a shell's `case`: texts that it takes, and a line of the shell. */
interface Branch {
  texts: readonly string[]
  line: string
}

/** A text as one word of bash or zsh, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A `case` of bash and zsh, one that does nothing left out; branches that do the same become one. */
export function caseOf(subject: string, branches: readonly Branch[]): string {
  const byLine = Map.groupBy(branches, ({ line }) => line)
  const lines = Array.from(byLine, ([line, list]) => {
    const patterns = list.flatMap(({ texts }) => texts).map(quoted)
    return `    ${patterns.join(' | ')}) ${line} ;;`
  })
  return [`  case ${subject} in`, ...lines, '  esac'].join('\n')
}

/** The branch of a place: its flags where a word begins with a hyphen, and else what other words can stand there. */
export function offerBranch({ path, words, takesFiles }: Place, flags: string, others: string): Branch {
  const hasOthers = takesFiles || words.length > 0
  return {
    texts: [path],
    line: hasOthers ? `if [[ $current == -* ]]; then ${flags}; else ${others}; fi` : flags,
  }
}

/** The branch of every word that leads from one place to the next: `"$command $word"`. */
export const steps = (places: readonly Place[]): Branch[] => [
  { texts: places.map(({ path }) => path), line: 'command="$command $word"' },
]

/** A branch for each flag that wants a value: `"$command $flag"`. */
export const valueBranches = (
  places: readonly Place[],
  lineOf: (value: NonNullable<Flag['value']>) => string,
): Branch[] =>
  places.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, value }) =>
      value === undefined ? [] : [{ texts: names.map((name) => `${path} ${name}`), line: lineOf(value) }],
    ),
  )
