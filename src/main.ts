import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { build } from './build.ts'
import { serveCommand } from './commands/serve.ts'

const program = new Command('padlock')
  .description('Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault')
  .version(build.version)
  .showHelpAfterError('(padlock --help tells more)')
  .addCommand(serveCommand())

// Development is not part of the production image.
if (existsSync(new URL('./commands/dev.ts', import.meta.url))) {
  program.addCommand((await import('./commands/dev.ts')).devCommand())
}

await program.parseAsync()
