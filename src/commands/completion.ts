import { Argument } from '@commander-js/extra-typings'
import type { Program } from '../cli/program.ts'
import { type Verb, verb } from '../cli/verb.ts'
import { bashCompletion } from './completion/bash.ts'
import { fishCompletion } from './completion/fish.ts'
import { placesOf } from './completion/grammar.ts'
import { zshCompletion } from './completion/zsh.ts'

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }
const shells = ['bash', 'zsh', 'fish'] as const

const help = {
  text: 'Write it to a file that the shell reads: it is made of what the commands have, so make it again after an upgrade.',
  examples: [
    'padlock completion bash > ~/.local/share/bash-completion/completions/padlock',
    'padlock completion zsh > ~/.zsh/completions/_padlock',
    'padlock completion fish > ~/.config/fish/completions/padlock.fish',
  ],
}

/** `padlock completion`: the script that completes a program's commands and flags in a shell. */
export const completion = (program: Program): Verb =>
  verb(
    help,
    (command) => command.addArgument(new Argument('<shell>', 'whose script').choices(shells)),
    async ({ terminal, json }, shell) => {
      const script = scripts[shell](await placesOf(program, terminal))
      if (json) {
        return terminal.stdout.json({ shell, script })
      }
      terminal.stdout.write(script)
    },
  )
