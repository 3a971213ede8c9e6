// Loaded before a program (`node --import`): its clock is off by the seconds that the file TEST_CLOCK_FILE holds, until
// the file says otherwise. Monotonic time (performance.now(), timers) goes on as it does when an operator sets the clock.
import { readFileSync } from 'node:fs'

const file = process.env.TEST_CLOCK_FILE as string
const RealDate = Date

const shiftMs = () => Number(readFileSync(file, 'utf8')) * 1000

class ShiftedDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<DateConstructor>) {
    if (given.length === 0) {
      super(RealDate.now() + shiftMs())
    } else {
      super(...(given as [number]))
    }
  }

  static override now(): number {
    return RealDate.now() + shiftMs()
  }
}

globalThis.Date = ShiftedDate as DateConstructor
