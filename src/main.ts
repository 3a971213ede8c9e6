import { existsSync } from 'node:fs'
import { build } from './build.ts'
import { auditCommand } from './commands/audit.ts'
import { command } from './commands/command.ts'
import { withDigestsLast } from './commands/digest-arguments.ts'
import { runCommand } from './commands/exit.ts'
import { keyCommand } from './commands/key.ts'
import { profileCommand } from './commands/profile.ts'
import { recipientCommand } from './commands/recipient.ts'
import { serveCommand } from './commands/serve.ts'
import { setupCommand } from './commands/setup.ts'
import { processTerminal } from './commands/terminal.ts'
import { tokenCommand } from './commands/token.ts'

// Whoever read the output may have gone, as `| head` goes: the work is still done to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const program = command('padlock', {
  description: 'Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault',
  examples: ['padlock setup --help', 'padlock profile list', 'padlock serve'],
})
  .version(build.version)
  .addCommand(serveCommand())
  .addCommand(setupCommand())
  .addCommand(profileCommand())
  .addCommand(recipientCommand())
  .addCommand(tokenCommand())
  .addCommand(keyCommand())
  .addCommand(auditCommand())

// Development is not part of the production image.
if (existsSync(new URL('./commands/dev.ts', import.meta.url))) {
  program.addCommand((await import('./commands/dev.ts')).devCommand())
}

await runCommand(processTerminal, async () => {
  await program.parseAsync(withDigestsLast(process.argv.slice(2)), { from: 'user' })
})
