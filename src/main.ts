import { isatty } from 'node:tty'
import { endBySignals } from './cli/signals.ts'

// The rest takes a while to load, and process 1 of a container is spared by signals without a handler.
const isService = process.argv[2] === 'serve'
endBySignals({ atHangUp: !isService || isatty(1) })
await import('./program.ts')
