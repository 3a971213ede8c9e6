const reportMs = 1_000

/**
 * Counts what may come thousands of times a second, so that the log has one line for it and not thousands.
 *
 * @param report called a second after the first of some: how many they were by then, and the first of them
 * @returns what is to be called for each
 */
export function countedReport<T>(report: (count: number, first: T) => void): (one: T) => void {
  let count = 0
  return (one) => {
    if (count++ > 0) {
      return
    }
    setTimeout(() => {
      report(count, one)
      count = 0
    }, reportMs).unref()
  }
}
