import { Command } from 'commander'
import { build } from './build.ts'
import { serveCommand } from './commands/serve.ts'

const program = new Command('padlock')
  .description('Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault')
  .version(build.version)
  .showHelpAfterError('(padlock --help tells more)')
  .addCommand(serveCommand())

// Development is not part of the production image.
const development = await import('./commands/dev.ts').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
})
if (development !== undefined) program.addCommand(development.devCommand())

await program.parseAsync()
