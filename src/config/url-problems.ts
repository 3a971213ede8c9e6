/** True for an address that never leaves this machine. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}

/**
 * What is wrong with the address of a server: it must be an http or https URL without a user name or a password, and
 * plain HTTP off the loopback must be allowed on purpose.
 *
 * @param name the variable that holds it
 * @param allowInsecure the variable that allows plain HTTP, and `allowed` its value
 */
export function urlProblems(name: string, value: unknown, allowInsecure: string, allowed: unknown): string[] {
  const url = URL.parse(String(value))
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return [`${name} must be an http or https URL`]
  }
  if (url.username !== '' || url.password !== '') {
    return [`${name} must not hold a user name or a password`]
  }
  if (url.protocol === 'http:' && !isLoopback(url) && String(allowed).toLowerCase() !== 'true') {
    return [`${name} is plain HTTP off the loopback; use https, or set ${allowInsecure}=true`]
  }
  return []
}
