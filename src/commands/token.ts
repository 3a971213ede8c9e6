import { Command } from 'commander'
import { exitCodes } from './exit.ts'
import { inspectCommand } from './token/inspect.ts'
import { issueCommand } from './token/issue.ts'

/** `padlock token`: to get a token, and to see what is wrong with one. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('issue a token, or inspect one of any implementation')
    .addCommand(issueCommand())
    .addCommand(inspectCommand())
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
}
