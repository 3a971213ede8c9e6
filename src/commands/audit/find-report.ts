import type { FoundSignature } from '../../audit/find/audit-search.ts'
import type { SearchedLog } from '../../audit/trail/read-log.ts'
import { identityText } from '../../audit/trail/vault-entry.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { IssuedRecord } from '../../issuance/issuance-record.ts'
import { coverage } from './log-reading.ts'

/** Others of the same call that are shown; JSON has them all. */
const mostShown = 20

/** What was found, and what was searched. */
export interface FindResult {
  auditId: string
  found: boolean
  signatures: FoundSignature[]
  /** the token's own lines in the issuance log */
  issued: IssuedRecord[]
  /** the other tokens of the same calls */
  together: IssuedRecord[]
  searched: { devices: string[]; logs: SearchedLog[]; issuanceLogs: SearchedLog[] }
  /** what could explain that nothing was found */
  explanations: string[]
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
  if (!signature.isRs256) {
    rows.unshift(['not a token', 'the same bytes were signed, but not as RS256'])
  }
  return rows
}

/** The columns of tokens, here and in `padlock audit subject`. */
export const tokenHeads = ['TIME', 'PROFILE', 'AUDIT ID', 'KEY', 'CALLER']
export const tokenRow = ({ time, profile, auditId, key, keyVersion, sub }: IssuedRecord) => [
  time,
  profile,
  auditId,
  `${key} v${keyVersion}`,
  sub,
]

/** Prints what was found, for people. */
export function printFind({ stdout }: Terminal, result: FindResult): void {
  const { signatures, issued, together, searched } = result
  stdout.line(`auditId ${result.auditId}`)
  for (const signature of signatures) {
    stdout.line()
    stdout.table(signatureRows(signature))
  }
  if (issued.length > 0) {
    stdout.write('\nIssued as\n')
    stdout.table(issued.map(tokenRow), tokenHeads)
  } else if (searched.issuanceLogs.length > 0) {
    stdout.write('\nNo token with this auditId is in the issuance log.\n')
  }
  if (together.length > 0) {
    stdout.write(`\nSigned in the same call${signatures.length > 1 ? 's' : ''}\n`)
    stdout.table(together.slice(0, mostShown).map(tokenRow), tokenHeads)
    if (together.length > mostShown) {
      stdout.write(`and ${together.length - mostShown} more (--output json)\n`)
    }
  }
  if (result.found) {
    return
  }
  stdout.write('\nSearched\n')
  const rows = [...searched.logs, ...searched.issuanceLogs].map((log) => [log.file, coverage(log)])
  stdout.table([...rows, ['audit devices', searched.devices.join(', ')]])
  stdout.write('\nWhat could explain it\n')
  for (const text of result.explanations) {
    stdout.line(`- ${text}`)
  }
}

/** What could explain that no signature was found, the likeliest first. */
export function explanations({ signatures, issued, searched }: Omit<FindResult, 'explanations'>): string[] {
  const list: string[] = []
  const { logs, devices } = searched
  const empty = logs.filter(({ lines }) => lines === 0).map(({ file }) => file)
  if (empty.length > 0) {
    list.push(`Nothing stands in ${empty.join(', ')}.`)
  }
  for (const { file, lines, entries } of logs) {
    if (lines > 0 && entries === 0) {
      list.push(`${file} has no entry of a Vault audit log: is it another log?`)
    }
  }
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
