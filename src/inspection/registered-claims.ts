import type { FaultList } from './faults.ts'

/** Longest life of a token in seconds that Padlock's profiles may give. */
const longestLifeSeconds = 86_400
/** Clocks that are kept well differ by less. */
const clockToleranceSeconds = 60
/** No date in seconds before the year 5138 is as large, and no date in milliseconds after March 1973 as small. */
const smallestMilliseconds = 1e11

/** Seconds as a person says them: `45 seconds`, `3 minutes`, `2 days`. */
export function spanText(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const
  const [name, size] = units.find(([, unit]) => seconds >= 2 * unit) ?? (['second', 1] as const)
  const count = Math.floor(seconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

function checkExp(exp: unknown, now: number, findings: FaultList): void {
  if (exp === undefined) {
    findings.add('exp_missing', 'There is no "exp".')
    return
  }
  if (typeof exp !== 'number' || !Number.isFinite(exp)) {
    findings.add('exp_wrong_type', `"exp" is ${typeof exp === 'string' ? 'a text' : 'no number'}.`)
    return
  }
  if (exp >= smallestMilliseconds) {
    findings.add('exp_milliseconds', '"exp" is in milliseconds.')
    return
  }
  const left = exp - now
  // RFC 7519 §4.1.4: not to be accepted on or after this time.
  if (left <= 0) {
    const cause =
      -left < 300
        ? 'It was shown late or again, or the clock of the machine that made it is behind.'
        : undefined
    const when = left > -1 ? 'has just expired' : `expired ${spanText(-left)} ago`
    findings.add('expired', `The token ${when}.`, cause)
    return
  }
  if (left > longestLifeSeconds + clockToleranceSeconds) {
    findings.add('exp_too_far', `The token is good for another ${spanText(left)}.`)
  }
}

/**
 * Checks `iss`, `exp`, `nbf` and `iat` (RFC 7519 §4.1).
 *
 * @param now seconds since the epoch
 */
export function checkRegisteredClaims(
  { iss, exp, nbf, iat }: Readonly<Record<string, unknown>>,
  now: number,
  findings: FaultList,
): void {
  if (iss === undefined || iss === '') {
    findings.add('iss_missing', `"iss" is ${iss === '' ? 'empty' : 'not there'}.`)
  } else if (typeof iss !== 'string') {
    findings.add('iss_wrong_type', '"iss" is no text.')
  }
  checkExp(exp, now, findings)
  if (typeof nbf === 'number' && nbf > now + clockToleranceSeconds) {
    findings.add('not_yet_valid', `The token is not valid before ${spanText(nbf - now)} from now ("nbf").`)
  }
  if (typeof iat === 'number' && iat > now + clockToleranceSeconds) {
    const made = iat >= smallestMilliseconds ? 'in milliseconds' : `${spanText(iat - now)} from now`
    findings.add(
      'issued_in_future',
      `"iat" is ${made}.`,
      made === 'in milliseconds' ? '`iat` is in seconds.' : undefined,
    )
  }
}
