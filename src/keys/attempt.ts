/** What a call returns; undefined where it throws, as OpenSSL does at what is no key of the kind that was tried. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
