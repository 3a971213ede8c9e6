import { paint } from '../../cli/layout.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Inspection, InspectionKeys } from '../../inspection/inspect.ts'
import { masked } from '../../inspection/masked.ts'
import { spanText } from '../../inspection/registered-claims.ts'
import { keyFingerprint } from '../../keys/rsa-public-key.ts'

/** What is reported of a token, for programs and for people. No key, no token; personal data only where it is asked for. */
export function inspectionReport(
  { verdict, faults, notes, jwe, jws, claims }: Inspection,
  keys: InspectionKeys,
  showClaims: boolean,
) {
  const canVerify = keys.publicKeys.length > 0
  return {
    verdict,
    faults: faults.map(({ code, severity, detail, cause }) => ({ code, severity, detail, cause })),
    notes,
    jwe: jwe && { header: masked(jwe.header), decrypted: keys.recipientKey ? jwe.decrypted : null },
    jws: jws && {
      header: masked(jws.header),
      verified: canVerify ? jws.verifiedWith !== undefined : null,
      verifiedWith: jws.verifiedWith ? keyFingerprint(jws.verifiedWith) : null,
    },
    claims: claims && masked(claims, showClaims),
  }
}
export type InspectionReport = ReturnType<typeof inspectionReport>

const state = (value: boolean | null, option: string) =>
  value === null ? `not checked: give ${option}` : value ? 'yes' : 'no'

function expiry(exp: unknown, now: number): string[][] {
  if (typeof exp !== 'number' || !Number.isFinite(exp) || exp < 0 || exp > 8.64e12) {
    return []
  }
  // A date in milliseconds is a fault, and named there.
  if (exp > 1e11) {
    return []
  }
  const left = exp - now / 1000
  const when = left > 0 ? `in ${spanText(left)}` : `${spanText(-left)} ago`
  return [['expires', `${new Date(exp * 1000).toISOString()}, ${when}`]]
}

const conclusions = {
  accepted: 'No fault: the recipient would accept this token.',
  refused: 'The recipient would refuse this token.',
  unverified: 'No fault in what could be checked.',
} as const

/** @param now milliseconds since the epoch, the time that the token was judged by */
export function printReport(terminal: Terminal, report: InspectionReport, now: number): void {
  const { stdout } = terminal
  const { jwe, jws, claims, faults, notes, verdict } = report
  const rows: string[][] = []
  if (jwe) {
    rows.push(
      ['JWE header', JSON.stringify(jwe.header)],
      ['decrypted', state(jwe.decrypted, '--recipient-key')],
    )
  }
  if (jws) {
    const verified = state(jws.verified, '--public-key or --jwks')
    rows.push(['JWS header', JSON.stringify(jws.header)])
    rows.push(['verified', jws.verifiedWith === null ? verified : `${verified}, with ${jws.verifiedWith}`])
  }
  if (claims) {
    const lines = JSON.stringify(claims, null, 2).split('\n')
    rows.push(...lines.map((line, index) => [index === 0 ? 'claims' : '', line]))
  }
  rows.push(...expiry(claims?.exp, now))
  if (rows.length > 0) {
    stdout.table(rows)
    stdout.line()
  }
  for (const { code, severity, detail, cause } of faults) {
    const colour = severity === 'refused' ? 'red' : 'yellow'
    stdout.line(`${paint(colour, code)}: ${detail}`)
    stdout.line(`  Likely cause: ${cause}`)
  }
  for (const note of notes) {
    stdout.line(`${paint('dim', 'Note:')} ${note}`)
  }
  if (faults.length + notes.length > 0) {
    stdout.line()
  }
  const risky = verdict !== 'refused' && faults.length > 0
  const count = `${faults.length} fault${faults.length === 1 ? '' : 's'}`
  const words = risky ? 'The recipient may accept this token, but it breaks a rule.' : conclusions[verdict]
  const colour = verdict === 'refused' ? 'red' : risky || verdict === 'unverified' ? 'yellow' : 'green'
  stdout.line(paint(colour, faults.length > 0 ? `${count}. ${words}` : words))
}
