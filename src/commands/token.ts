import type { Command } from 'commander'
import { command } from './command.ts'
import { inspectCommand } from './token/inspect.ts'
import { issueCommand } from './token/issue.ts'

/** `padlock token`: to get a token, and to see what is wrong with one. */
export function tokenCommand(): Command {
  return command('token', {
    description: 'issue a token, or inspect one of any implementation',
    examples: ['padlock token issue default --user-id-file id.txt', 'padlock token inspect < token'],
  })
    .addCommand(issueCommand())
    .addCommand(inspectCommand())
}
