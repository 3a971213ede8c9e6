import { refused } from '../exit.ts'
import { confirm, type Terminal } from '../terminal.ts'

/**
 * Asks the operator who sits at a terminal. Where nobody can be asked, or with `--yes`, the command as it was given is
 * the answer: what it could break, it has checked by itself.
 *
 * @throws CommandError with exit code 1 when the answer is no
 */
export async function agreed(terminal: Terminal, yes: boolean | undefined, question: string): Promise<void> {
  if (yes || !terminal.stdin.isTTY) return
  if (!(await confirm(terminal, question))) throw refused('Nothing was changed.')
}
