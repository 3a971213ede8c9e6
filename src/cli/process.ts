import { accessSync, constants } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

/** By how much the old generation may grow before it is collected, in per cent of what was alive after the last time. */
const growthPercent = 30

/**
 * Keeps this process small: what a request holds while Vault signs outlives the young generation, and V8 would let
 * three times as much garbage gather. docs/performance.md has what it costs. Call it before there is load.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
}

/** Whether a thread of the pool may be at work: a write, a read, the look-up of a name. */
const isPoolBusy = () => process.getActiveResourcesInfo().some((kind) => /req/i.test(kind))

/**
 * Ends the process, with this exit code, also where a thread is blocked: `process.exit` waits for the pool's threads.
 * Then a Node that does nothing else takes the process's place (execve), which ends all threads, works for process 1
 * as well and leaves no core. Where there is no Node any more (its file was removed), SIGKILL is the last resort.
 */
export function leave(code: number): never {
  if (!isPoolBusy() || process.execve === undefined) {
    process.exit(code)
  }
  process.emit('exit', code)
  try {
    // An execve that fails ends in an abort, which leaves a core.
    accessSync(process.execPath, constants.X_OK)
    process.execve(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {})
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
  process.exit(code)
}
