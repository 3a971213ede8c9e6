import type { Candidate, Flag, Place } from './grammar.ts'

/** A text as one word of fish. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const at = (path: string) => `-n ${quoted(`test "$(__padlock_command)" = "${path}"`)}`

const wordLine = (path: string, { word, summary }: Candidate) =>
  `complete -c padlock ${at(path)} -a ${quoted(word)}${summary === '' ? '' : ` -d ${quoted(summary)}`}`

function flagLine(path: string, { names, summary, value }: Flag): string {
  const named = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const behind =
    value === undefined
      ? []
      : value === 'file'
        ? ['-r -F']
        : value === 'free'
          ? ['-x']
          : [`-x -a ${quoted(value.join(' '))}`]
  return ['complete -c padlock', at(path), ...named, ...behind, '-d', quoted(summary)].join(' ')
}

/** Completion for fish, 3.4 and newer. */
export function fishCompletion(places: readonly Place[]): string {
  const steps = places.map(({ path }) => quoted(path)).join(' ')
  const lines = places.flatMap(({ path, words, flags, takesFiles }) => [
    ...words.map((word) => wordLine(path, word)),
    ...(takesFiles ? [`complete -c padlock ${at(path)} -F`] : []),
    ...flags.map((flag) => flagLine(path, flag)),
  ])
  return `# padlock's completion for fish, made by: padlock completion fish
function __padlock_command
  set -l command ''
  for word in (commandline -opc)[2..]
    if contains -- "$command $word" ${steps}
      set command "$command $word"
    end
  end
  echo $command
end
complete -c padlock -f
${lines.join('\n')}
`
}
