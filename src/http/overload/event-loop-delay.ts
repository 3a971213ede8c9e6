import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Node's sampling interval, in milliseconds: each measurement includes it. */
const resolutionMs = 10

/**
 * How late the event loop has been in the last interval. Node's own measure, and no file is opened for it: where no
 * file descriptor is left, it still works.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  readonly #timer: NodeJS.Timeout
  #meanMs = 0

  constructor(intervalMs: number) {
    this.#histogram.enable()
    this.#timer = setInterval(() => this.#sample(), intervalMs).unref()
  }

  /**
   * The mean of the last interval without the longest, in milliseconds: a process that stood still once is late no more.
   * Infinity where the loop made no turn in it.
   */
  get meanMs(): number {
    return this.#meanMs
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#histogram.disable()
  }

  #sample(): void {
    const { count, mean, max } = this.#histogram
    const others = count > 1 ? (mean * count - max) / (count - 1) : mean
    this.#meanMs = Number.isNaN(others) ? Number.POSITIVE_INFINITY : Math.max(0, others / 1e6 - resolutionMs)
    this.#histogram.reset()
  }
}
