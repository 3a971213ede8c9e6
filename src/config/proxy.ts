/**
 * The proxy that a value of HTTPS_PROXY names: an http or https URL, or a host and port as curl takes them.
 *
 * @returns undefined for anything else, such as a SOCKS proxy
 */
export function proxyUrl(value: string): string | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`)
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname + url.search + url.hash !== '/') {
    return undefined
  }
  return url.href
}
