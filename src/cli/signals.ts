import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { leave } from './process.ts'
import type { Terminal } from './terminal.ts'

/** What ends a command. Without a handler, process 1 of a container is never told of any. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** What takes the first signal in place of the end; undefined while none does. */
let taker: ((signal: NodeJS.Signals) => void) | undefined
let installed = false

/** The end that a signal asks for, with the shell's 128 + signal as the exit code. */
export function endBy(signal: NodeJS.Signals): never {
  if (isatty(0) && process.stdin.isRaw) {
    process.stdin.setRawMode(false)
  }
  const code = 128 + constants.signals[signal]
  // Process 1 is spared by its own signals, and SIGQUIT leaves a core, which holds secrets.
  if (process.pid === 1 || signal === 'SIGQUIT') {
    leave(code)
  }
  // Shells tell a program that a signal ended: a loop of a script ends with it.
  process.once('exit', () => {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
  process.exit(code)
}

function onSignal(signal: NodeJS.Signals): void {
  const take = taker
  taker = undefined
  if (take === undefined) {
    endBy(signal)
  }
  take(signal)
}

const ignore = () => {}

/**
 * From now on a signal ends the process, unless somebody took signals over. To be called before anything else.
 *
 * @param atHangUp false for a service, to which SIGHUP is no end
 */
export function endBySignals({ atHangUp = true } = {}): void {
  if (installed) {
    return
  }
  installed = true
  for (const signal of endingSignals) {
    process.on(signal, signal === 'SIGHUP' && !atHangUp ? ignore : onSignal)
  }
}

/** Takes away what `endBySignals` does: somebody else has handlers for all signals by now. */
export function handSignalsOver(): void {
  installed = false
  for (const signal of endingSignals) {
    process.off(signal, onSignal).off(signal, ignore)
  }
}

/**
 * Takes the first signal over; the second one ends the process.
 *
 * @returns gives signals back
 */
export function takeSignals(take: (signal: NodeJS.Signals) => void): () => void {
  const wasInstalled = installed
  endBySignals()
  taker = take
  return () => {
    taker = undefined
    if (!wasInstalled) {
      handSignalsOver()
    }
  }
}

/**
 * Does what must not be left half done: the first Ctrl-C is noted, a second one breaks off.
 *
 * @param work begins nothing new once the signal is aborted
 */
export async function uninterrupted<T>(
  { stderr }: Terminal,
  work: (interrupted: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController()
  const giveBack = takeSignals(() => {
    stderr.write('\nFinishing what is under way; once more breaks it off.\n')
    interrupted.abort()
  })
  try {
    return await work(interrupted.signal)
  } finally {
    giveBack()
  }
}
