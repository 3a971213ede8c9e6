import type { FoundSignature, SearchedLog } from '../../audit/audit-search.ts'
import type { IssuedRecord } from '../../audit/issuance-record.ts'
import { identityText } from '../../vault/audit-log.ts'
import { type Terminal, table } from '../terminal.ts'
import type { FindResult } from './find.ts'

/** Others of the same call that are shown; JSON has them all. */
const mostShown = 20

/** What one log covers, in a few words. */
export function coverage({ lines, first, last, tooLong }: SearchedLog): string {
  const count = `${lines.toLocaleString('en')} line${lines === 1 ? '' : 's'}`
  const span = first === null || last === null ? 'without a time' : `${first} to ${last}`
  return `${count}, ${span}${tooLong > 0 ? `, ${tooLong} too long to be read` : ''}`
}

function signatureRows(signature: FoundSignature): string[][] {
  const { outcome, key, keyVersion, by } = signature
  const rows = [
    ['time', signature.time],
    ['key', keyVersion === null ? key : `${key}, version ${keyVersion}`],
    ['by', identityText(by)],
    ['entity', by.entityId ?? 'none'],
    ['address', by.address ?? 'unknown'],
    ['correlation id', signature.correlationId ?? 'none in the log'],
    ['request id', signature.requestId],
    [
      'in the call',
      `${signature.items} signature${signature.items === 1 ? '' : 's'}, ${signature.matching} of this token`,
    ],
    [
      'found in',
      signature.device === null
        ? `${signature.file}, in clear`
        : `${signature.file}, by device ${signature.device}`,
    ],
  ]
  if (outcome !== 'signed') {
    rows.unshift([
      'not signed',
      outcome === 'refused' ? 'Vault refused' : 'the log has no answer to this request',
    ])
  }
  if (!signature.isRs256) rows.unshift(['not a token', 'the same bytes were signed, but not as RS256'])
  return rows
}

const tokenRow = ({ time, profile, auditId, key, keyVersion, sub }: IssuedRecord) => [
  time,
  profile,
  auditId,
  `${key} v${keyVersion}`,
  sub,
]

/** Tells people what was found. */
export function printFind({ stdout }: Terminal, result: FindResult): void {
  const { signatures, issued, together, searched } = result
  stdout.write(`auditId ${result.auditId}\n`)
  for (const signature of signatures) stdout.write(`\n${table(signatureRows(signature))}`)
  if (issued.length > 0) stdout.write(`\nIssued as\n${table(issued.map(tokenRow))}`)
  else if (searched.issuanceLogs.length > 0)
    stdout.write('\nNo token with this auditId is in the issuance log.\n')
  if (together.length > 0) {
    stdout.write(`\nSigned in the same call${signatures.length > 1 ? 's' : ''}\n`)
    stdout.write(table(together.slice(0, mostShown).map(tokenRow)))
    if (together.length > mostShown) stdout.write(`and ${together.length - mostShown} more (--output json)\n`)
  }
  if (result.found) return
  stdout.write('\nSearched\n')
  const rows = [...searched.logs, ...searched.issuanceLogs].map((log) => [log.file, coverage(log)])
  stdout.write(table([...rows, ['audit devices', searched.devices.join(', ')]]))
  stdout.write(`\nWhat could explain it\n${result.explanations.map((text) => `- ${text}\n`).join('')}`)
}

/** What could explain that no signature was found, the likeliest first. */
export function explanations({ signatures, issued, searched }: FindResult): string[] {
  const list: string[] = []
  const { logs, devices } = searched
  const empty = logs.filter(({ lines }) => lines === 0).map(({ file }) => file)
  if (empty.length > 0) list.push(`Nothing stands in ${empty.join(', ')}.`)
  if (signatures.some(({ outcome }) => outcome === 'unanswered')) {
    list.push('Vault was asked, and its answer is not in these logs: it may stand in the next file.')
  }
  for (const { time } of issued) {
    const covered = logs.some(
      ({ first, last }) => first !== null && last !== null && first <= time && time <= last,
    )
    list.push(
      covered
        ? `Padlock issued it at ${time}, a time that these logs cover: look at the device and the cluster.`
        : `Padlock issued it at ${time}, and none of these logs covers that time.`,
    )
  }
  const firsts = logs.map(({ first }) => first).filter((first) => first !== null)
  const since = firsts.sort()[0]
  if (issued.length === 0) {
    list.push(
      since === undefined
        ? "None of these logs has an entry with a time: are they Vault's?"
        : `It was signed before ${since}, or later than the last entry: give the rotated logs too (.gz as they are).`,
    )
  }
  list.push(
    `The logs are of another audit device than ${devices.join(', ')}: each has a salt of its own.`,
    'The logs are of another cluster or namespace than VAULT_ADDR and VAULT_NAMESPACE name.',
    'The audit device was disabled and enabled again since: it then has a new salt, and older entries cannot be matched.',
    'The auditId is of another token, or is not whole.',
  )
  return list
}
