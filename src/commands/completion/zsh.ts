import { caseOf, offerBranch, quoted, steps, valueBranches } from './cases.ts'
import type { Candidate, Place } from './grammar.ts'

/** A word with what it is, as `_describe` takes them. */
const described = ({ word, summary }: Candidate) => quoted(summary === '' ? word : `${word}:${summary}`)

/** Completion for zsh. */
export function zshCompletion(places: readonly Place[]): string {
  const values = valueBranches(places, (value) =>
    value === 'free'
      ? 'return'
      : value === 'file'
        ? '_files; return'
        : `found=(${value.map(quoted).join(' ')}); _describe value found; return`,
  )
  const offers = places.map((place) => {
    const { words, flags, takesFiles } = place
    const named = flags.flatMap(({ names, summary }) => names.map((word) => ({ word, summary })))
    const flagsOnly = `found=(${named.map(described).join(' ')})`
    const others = takesFiles ? '_files; return' : `found=(${words.map(described).join(' ')})`
    return offerBranch(place, flagsOnly, others)
  })
  return `#compdef padlock
# padlock's completion for zsh, made by: padlock completion zsh
_padlock() {
  local current=\${words[CURRENT]} before=\${words[CURRENT-1]} command='' word
  local -a found
  # --output=json is one word here.
  if [[ $current == --*=* ]]; then
    before=\${current%%=*}
    compset -P '*='
  fi
  for word in "\${(@)words[2,CURRENT-1]}"; do
${caseOf('"$command $word"', steps(places))}
  done
${caseOf('"$command $before"', values)}
${caseOf('"$command"', offers)}
  _describe 'padlock' found
}
# Read by source, or found in fpath.
if [[ $funcstack[1] == _padlock ]]; then
  _padlock "$@"
else
  compdef _padlock padlock
fi
`
}
