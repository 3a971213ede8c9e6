/**
 * Does something again and again, each time a while after the time before has ended, until it is stopped. It keeps no
 * process alive.
 */
export class Repeat {
  readonly #work: () => unknown
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  /** another one after each start; undefined while stopped */
  #run: object | undefined

  /**
   * @param work must not fail; a number that it gives, or resolves with, is the milliseconds until the next time
   * @param everyMs milliseconds until the next time where it gives none
   */
  constructor(work: () => unknown, everyMs: number) {
    this.#work = work
    this.#everyMs = everyMs
  }

  /** Does it now, and again and again. @returns when it has been done once */
  async start(): Promise<void> {
    this.stop()
    const run = {}
    this.#run = run
    await this.#turn(run)
  }

  /** Does it for the first time after `everyMs`. */
  startLater(): void {
    this.stop()
    this.#run = {}
    this.#wait(this.#run, this.#everyMs)
  }

  /** What is under way still ends. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#run = undefined
  }

  async #turn(run: object): Promise<void> {
    const next = await this.#work()
    if (run === this.#run) {
      this.#wait(run, typeof next === 'number' ? next : this.#everyMs)
    }
  }

  #wait(run: object, ms: number): void {
    this.#timer = setTimeout(() => void this.#turn(run), ms).unref()
  }
}
