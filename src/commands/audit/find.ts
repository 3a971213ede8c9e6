import { readFile } from 'node:fs/promises'
import { AuditSearch, type FoundSignature, readLog, type SearchedLog } from '../../audit/audit-search.ts'
import { issuanceLine } from '../../audit/issuance-line.ts'
import type { IssuedRecord } from '../../audit/issuance-record.ts'
import type { LogFile } from '../../audit/log-lines.ts'
import { auditIdOfToken, TokenDigestError } from '../../audit/token-digest.ts'
import { auditHash, listAuditDevices } from '../../vault/audit-devices.ts'
import type { VaultClient } from '../../vault/client.ts'
import { clientWithToken } from '../../vault/client-with-token.ts'
import { during, refused, usageError } from '../exit.ts'
import { operatorClient } from '../operator-client.ts'
import { readStandardInput, type Terminal } from '../terminal.ts'
import { explanations, printFind } from './find-report.ts'
import { logFiles, ReadProgress, readFailure } from './log-reading.ts'

/** The options of `padlock audit find`, as commander gives them. */
export interface FindOptions {
  log: string[]
  issuanceLog?: string[]
  device?: string[]
  tokenFile?: string
  recipientKey?: string
  transitMount: string
  output: 'table' | 'json'
}

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

const auditIdPattern = /^[A-Za-z0-9_-]{43}$/

/** The auditId that was given, or the one of the token that was given. */
async function wantedAuditId(
  given: string | undefined,
  options: FindOptions,
  terminal: Terminal,
): Promise<string> {
  if (options.tokenFile === undefined) {
    if (options.recipientKey !== undefined)
      throw usageError('--recipient-key opens a token: give --token-file too.')
    // `--log a.log <auditId>`: the option takes every name behind it.
    const auditId = given ?? (auditIdPattern.test(options.log.at(-1) ?? '') ? options.log.pop() : undefined)
    if (auditId === undefined) throw usageError('Give an auditId, or a token with --token-file.')
    if (!auditIdPattern.test(auditId))
      throw usageError('An auditId has 43 characters: letters, digits, "_" and "-".')
    return auditId
  }
  if (given !== undefined) throw usageError('Give an auditId or --token-file, not both.')
  const read = async (file: string, option: string) =>
    file === '-'
      ? String(await readStandardInput(terminal))
      : readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw usageError(`${option} cannot be read (${error.code}).`)
        })
  const token = (await read(options.tokenFile, '--token-file')).trim()
  const key =
    options.recipientKey === undefined ? undefined : await read(options.recipientKey, '--recipient-key')
  return auditIdOfToken(token, key).catch((error: unknown) => {
    throw error instanceof TokenDigestError ? refused(error.message) : error
  })
}

async function hashesOf(
  client: VaultClient,
  devices: string[] | undefined,
  input: string,
): Promise<Map<string, string>> {
  const names = devices ?? (await during('Reading the audit devices', listAuditDevices(client)))
  if (names.length === 0) throw refused('This Vault has no audit device: nothing is on record.')
  const hashes = await Promise.all(
    names.map(async (device) => {
      const hash = await during(`Hashing for the audit device ${device}`, auditHash(client, device, input))
      return [device, hash] as const
    }),
  )
  return new Map(hashes)
}

/** The token's own lines, and those of the calls that signed it. */
async function searchIssuance(
  files: readonly LogFile[],
  auditId: string,
  correlationIds: ReadonlySet<string>,
  terminal: Terminal,
  progress: ReadProgress,
) {
  const [issued, together, logs]: [IssuedRecord[], IssuedRecord[], SearchedLog[]] = [[], [], []]
  const needles = [auditId, ...correlationIds].map((text) => Buffer.from(text))
  for (const file of files) {
    const read = await readLog(file, terminal.stdin, progress.of(file), (line) => {
      if (!needles.some((needle) => line.indexOf(needle) !== -1)) return
      const record = issuanceLine(line)
      if (record === undefined || record === 'broken' || record.event !== 'issued') return
      if (record.auditId === auditId) issued.push(record)
      else if (correlationIds.has(record.correlationId)) together.push(record)
    })
    logs.push(read)
  }
  return { issued, together, logs }
}

/**
 * `padlock audit find`: the calls that made Vault sign one token.
 *
 * @throws CommandError with exit code 1 when there is none in these logs, 2 for wrong usage or a log that cannot be
 *   read, 3 for a Vault that does not answer
 */
export async function find(
  given: string | undefined,
  options: FindOptions,
  terminal: Terminal,
): Promise<void> {
  const auditId = await wantedAuditId(given, options, terminal)
  const [logs = [], issuanceLogs = []] = await logFiles(options.log, options.issuanceLog ?? [])
  if (logs.length === 0) throw usageError("Give Vault's audit log with --log.")
  const operator = await operatorClient(terminal.env)
  const clear = Buffer.from(auditId, 'base64url').toString('base64')
  let hashes: Map<string, string>
  try {
    hashes = await hashesOf(clientWithToken(operator.client, operator.token), options.device, clear)
  } finally {
    await operator.client.close()
  }
  const progress = new ReadProgress(terminal.stderr, [...logs, ...issuanceLogs])
  const search = new AuditSearch(hashes, clear, options.transitMount)
  try {
    const searched: SearchedLog[] = []
    for (const file of logs) {
      searched.push(
        await readLog(file, terminal.stdin, progress.of(file), (line) => search.look(line, file.name)),
      )
    }
    const signatures = search.found()
    const correlationIds = new Set(
      signatures.map(({ correlationId }) => correlationId).filter((id) => id !== null),
    )
    const issuance = await searchIssuance(issuanceLogs, auditId, correlationIds, terminal, progress)
    const result: FindResult = {
      auditId,
      found: signatures.some(({ outcome }) => outcome === 'signed'),
      signatures,
      issued: issuance.issued,
      together: issuance.together,
      searched: { devices: [...hashes.keys()], logs: searched, issuanceLogs: issuance.logs },
      explanations: [],
    }
    if (!result.found) result.explanations = explanations(result)
    progress.end()
    if (options.output === 'json') terminal.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    else printFind(terminal, result)
    if (!result.found) throw refused('No signature of this token was found.')
  } catch (error) {
    progress.end()
    throw readFailure(error)
  }
}
