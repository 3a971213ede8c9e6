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
