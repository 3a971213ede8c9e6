/** Variables of which Padlock, or a library for it, reads the value. */
const readNames = /^((PADLOCK|VAULT|BAO|OTEL)_.*|https_proxy|no_proxy)$/i

const quotes = /^(["'])(.*)\1$/s

/**
 * A variable's value without what stands around it by mistake: white space and line ends, and one pair of quotes, as
 * Docker's `--env-file` leaves them. No variable can mean them. A carriage return stays, and is a fault: the whole
 * file that it comes from has line ends of Windows.
 */
export function cleanValue(value: string): string {
  const trim = (text: string) => text.replace(/^(?:(?!\r)\s)+|(?:\r?\n|(?!\r)\s)+$/g, '')
  return trim(trim(value).replace(quotes, '$2'))
}

/** Cleans the values of an environment in place, for Padlock and for libraries that read it themselves. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !readNames.test(name)) {
      continue
    }
    const clean = cleanValue(value)
    if (clean !== value) {
      env[name] = clean
    }
  }
}

/**
 * What is certainly wrong in a value or in the text of a file, whatever it is for.
 *
 * @returns the fault, to stand behind a name; it repeats nothing of the text
 */
export function textFault(text: string): string | undefined {
  if (text.includes('\0')) {
    return 'holds a NUL byte: it may be UTF-16 in place of UTF-8'
  }
  if (text.includes('\r')) {
    return 'holds a carriage return: the file it comes from may have line ends of Windows'
  }
  if (/[\n\p{Zl}\p{Zp}]/u.test(text)) {
    return 'holds a line end'
  }
  if (/[\p{Cc}\p{Cf}\ufffd]/u.test(text)) {
    return 'holds a control or invisible character'
  }
  if (/^["'\u2018-\u201f\u00ab\u00bb]/.test(text)) {
    return 'begins with a quotation mark'
  }
  // `key="value"` may be meant.
  if (/[\u2018-\u201f\u00ab\u00bb]$/.test(text) || (/["']$/.test(text) && !/=["']/.test(text))) {
    return 'ends with a quotation mark'
  }
  return undefined
}

/** What a file of a credential is refused for; the white space around it is taken away. */
export function credentialFault(text: string): string | undefined {
  const credential = text.trim()
  return credential === '' ? 'is empty' : textFault(credential)
}
