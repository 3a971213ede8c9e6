import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { build } from './build.ts'
import { exitCodes } from './commands/exit.ts'
import { keyCommand } from './commands/key.ts'
import { serveCommand } from './commands/serve.ts'
import { setupCommand } from './commands/setup.ts'
import { tokenCommand } from './commands/token.ts'

const program = new Command('padlock')
  .description('Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault')
  .version(build.version)
  .showHelpAfterError('(padlock --help tells more)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
  .addCommand(serveCommand())
  .addCommand(setupCommand())
  .addCommand(tokenCommand())
  .addCommand(keyCommand())

// Development is not part of the production image.
if (existsSync(new URL('./commands/dev.ts', import.meta.url))) {
  program.addCommand((await import('./commands/dev.ts')).devCommand())
}

await program.parseAsync()
