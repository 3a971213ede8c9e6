import { build } from '../build.ts'
import { verb as made } from '../cli/verb.ts'

/** `padlock version`: what runs, as /health/ready and the start of the log have it. */
export const verb = made(
  { examples: ['padlock version', 'padlock version -o json', 'padlock --version'] },
  (command) => command,
  async ({ terminal, json }) => {
    const { version, node, unicode, icu } = build
    if (json) {
      return terminal.stdout.json(build)
    }
    terminal.stdout.table([
      ['padlock', version],
      ['node', node],
      ['unicode', unicode ?? '-'],
      ['icu', icu ?? '-'],
    ])
  },
)
