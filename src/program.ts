import { exitCodeOf } from './cli/program.ts'
import { processTerminal } from './cli/terminal.ts'
import { padlock } from './commands/commands.ts'
import { cleanEnvironment } from './config/clean-value.ts'

// The reader of the output may have gone, as `| head` goes: the work is still done to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') {
      throw error
    }
  })
}

// Here, for libraries and option defaults that read the environment themselves.
cleanEnvironment(process.env)

process.exitCode = await exitCodeOf(padlock, process.argv.slice(2), processTerminal)
