import { Command } from 'commander'
import { build } from './build.ts'
import { serveCommand } from './commands/serve.ts'

const program = new Command('padlock')
  .description('Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault')
  .version(build.version)
  .addCommand(serveCommand())

await program.parseAsync()
