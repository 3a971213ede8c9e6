import { AuditSearch } from '../../audit/find/audit-search.ts'
import { auditIdOfToken, TokenDigestError } from '../../audit/find/token-digest.ts'
import type { LogFile } from '../../audit/trail/log-lines.ts'
import { readLog, type SearchedLog } from '../../audit/trail/read-log.ts'
import { during, refused, usageError } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import type { Operator } from '../../cli/operator.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { operatorVerb } from '../../cli/verb.ts'
import { auditHash, listAuditDevices } from '../../vault/admin/audit-devices.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { explanations, type FindResult, printFind } from './find-report.ts'
import { auditHelp, auditLogOption, deviceOption, issuanceLogOption } from './flags.ts'
import { searchIssuance } from './issuance-search.ts'
import { logFiles, ReadProgress, readFailure } from './log-reading.ts'

const auditIdPattern = /^[A-Za-z0-9_-]{43}$/

/** The auditId that was given, or the one of the token that was given. */
async function wantedAuditId(
  given: string | undefined,
  options: { log: string[]; tokenFile?: string; recipientKey?: string },
  terminal: Terminal,
): Promise<string> {
  if (options.tokenFile === undefined) {
    if (options.recipientKey !== undefined) {
      throw usageError('--recipient-key opens a token: give --token-file too.')
    }
    // `--log a.log <auditId>`: the option takes every name behind it.
    const auditId = given ?? (auditIdPattern.test(options.log.at(-1) ?? '') ? options.log.pop() : undefined)
    if (auditId === undefined) {
      throw usageError('Give an auditId, or a token with --token-file.')
    }
    if (!auditIdPattern.test(auditId)) {
      throw usageError('An auditId has 43 characters: letters, digits, "_" and "-".')
    }
    return auditId
  }
  if (given !== undefined) {
    throw usageError('Give an auditId or --token-file, not both.')
  }
  const read = async (file: string, option: string) => String(await readInput(terminal, file, option))
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
  if (names.length === 0) {
    throw refused('This Vault has no audit device: nothing is on record.')
  }
  const hashes = await Promise.all(
    names.map(async (device) => {
      const hash = await during(`Hashing for the audit device ${device}`, auditHash(client, device, input))
      return [device, hash] as const
    }),
  )
  return new Map(hashes)
}

/** Looks through the logs for a signature. */
async function search(
  { terminal, keys }: Operator,
  { auditId, clear, hashes }: { auditId: string; clear: string; hashes: Map<string, string> },
  [logs, issuanceLogs]: [LogFile[], LogFile[]],
): Promise<FindResult> {
  const progress = new ReadProgress(terminal.stderr, [...logs, ...issuanceLogs])
  const search = new AuditSearch(hashes, clear, keys.mount)
  try {
    const searched: SearchedLog[] = []
    for (const file of logs) {
      const look = (line: Buffer) => {
        search.look(line, file.name)
        return true
      }
      searched.push(await readLog(file, 'audit', terminal.stdin, progress.of(file), look))
    }
    const signatures = search.found()
    const correlationIds = new Set(
      signatures.map(({ correlationId }) => correlationId).filter((id) => id !== null),
    )
    const issuance = await searchIssuance(issuanceLogs, auditId, correlationIds, terminal, progress)
    const result = {
      auditId,
      found: signatures.some(({ outcome }) => outcome === 'signed'),
      signatures,
      issued: issuance.issued,
      together: issuance.together,
      searched: { devices: [...hashes.keys()], logs: searched, issuanceLogs: issuance.logs },
    }
    return { ...result, explanations: result.found ? [] : explanations(result) }
  } catch (error) {
    throw readFailure(error)
  } finally {
    progress.end()
  }
}

const help = {
  ...auditHelp,
  mounts: ['transit'] as const,
  examples: [
    'padlock audit find qY2Dm0cN8oTzM5xB4vKfJ7hWsLr1uEgPbXaCiQdRtVw --log /var/log/vault/audit.log*',
    'padlock audit find qY2Dm0cN8oTzM5xB4vKfJ7hWsLr1uEgPbXaCiQdRtVw --log audit.log --issuance-log issuance.log',
    'padlock audit find --token-file token --recipient-key recipient.pem --log audit.log',
  ],
}

/**
 * `padlock audit find`: the calls that made Vault sign one token. Exit code 1 when there is none in these logs, 2 for a
 * log that cannot be read.
 */
export const verb = operatorVerb(
  help,
  (command) =>
    command
      .argument('[auditId]', 'of the token, as Padlock answered and logged it')
      .addOption(auditLogOption().makeOptionMandatory())
      .addOption(issuanceLogOption())
      .addOption(deviceOption())
      .option('--token-file <file>', 'the token itself, in place of its auditId; - reads standard input')
      .option('--recipient-key <file>', "PEM of the recipient's private key, which opens the token"),
  async (operator, given, options) => {
    const { terminal, client, json } = operator
    const auditId = await wantedAuditId(given, options, terminal)
    const [logs = [], issuanceLogs = []] = await logFiles(options.log, options.issuanceLog ?? [])
    if (logs.length === 0) {
      throw usageError("Give Vault's audit log with --log.")
    }
    const clear = Buffer.from(auditId, 'base64url').toString('base64')
    const hashes = await hashesOf(client, options.device, clear)
    const result = await search(operator, { auditId, clear, hashes }, [logs, issuanceLogs])
    if (json) {
      terminal.stdout.json(result)
    } else {
      printFind(terminal, result)
    }
    if (!result.found) {
      throw refused('No signature of this token was found.')
    }
  },
)
