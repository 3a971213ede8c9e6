/**
 * Does something with each of many, so many at once and no more; the results in the order of what was given.
 *
 * @throws the first error; what has begun by then still ends
 */
export async function inTurns<T, R>(
  given: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const waiting = given.entries()
  const worker = async () => {
    for (const [index, one] of waiting) results[index] = await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, given.length) }, worker))
  return results
}
