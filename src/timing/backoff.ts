/**
 * The pause before the next attempt, in milliseconds: twice as long after each failure, and up to a half less by
 * chance, so that many instances do not come at the same moment.
 *
 * @param failures how many attempts have failed in a row, from 1
 */
export function backoffMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** (failures - 1), longestMs) * (0.5 + Math.random() / 2)
}
