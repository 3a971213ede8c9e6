import type { Command } from 'commander'
import { findCommand, type RunWork, reconcileCommand, subjectCommand } from './audit/commands.ts'
import { command } from './command.ts'

/** `padlock audit` and its parts. */
export function auditCommand(run?: RunWork): Command {
  return command('audit', {
    description: "account for every signature, with Vault's audit log and the issuance log",
    examples: ['padlock audit find --help', 'padlock audit reconcile --help', 'padlock audit subject --help'],
  })
    .addCommand(findCommand(run))
    .addCommand(reconcileCommand(run))
    .addCommand(subjectCommand(run))
}
