import { caseOf, offerBranch, quoted, steps, valueBranches } from './cases.ts'
import type { Place } from './grammar.ts'

const listed = (words: readonly string[]) => quoted(words.join(' '))

/** Completion for bash, 3.2 and newer. */
export function bashCompletion(places: readonly Place[]): string {
  const values = valueBranches(places, (value) =>
    value === 'free'
      ? 'return'
      : value === 'file'
        ? '_padlock_files; return'
        : `_padlock_words ${listed(value)}; return`,
  )
  const offers = places.map((place) => {
    const { words, flags, takesFiles } = place
    const long = flags.flatMap(({ names }) => names.filter((name) => name.startsWith('--')))
    const others = takesFiles ? '_padlock_files' : `_padlock_words ${listed(words.map(({ word }) => word))}`
    return offerBranch(place, `_padlock_words ${listed(long)}`, others)
  })
  return `# padlock's completion for bash, made by: padlock completion bash
_padlock_words() {
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}
_padlock_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$current"))
}
_padlock() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command='' word
  COMPREPLY=()
  # Bash takes --output=json apart at the equals sign.
  if [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $current == = ]]; then
    current=''
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
${caseOf('"$command $word"', steps(places))}
  done
${caseOf('"$command $before"', values)}
${caseOf('"$command"', offers)}
}
complete -F _padlock padlock
`
}
