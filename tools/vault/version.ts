/**
 * Whether one version is older than another, number by number: 1.9.0 is older than 1.15.0, and 1.21 equals 1.21.0.
 *
 * @param version digits and dots only
 * @param minimum digits and dots only
 */
export function olderThan(version: string, minimum: string): boolean {
  const left = version.split('.').map(Number)
  const right = minimum.split('.').map(Number)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) {
      return difference < 0
    }
  }
  return false
}
