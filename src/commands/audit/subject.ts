import { readLog, type SearchedLog } from '../../audit/audit-search.ts'
import { issuanceLine } from '../../audit/issuance-line.ts'
import type { SubjectKey } from '../../audit/subject.ts'
import { SubjectSearch } from '../../audit/subject-search.ts'
import type { VaultClient } from '../../vault/client.ts'
import { clientWithToken } from '../../vault/client-with-token.ts'
import { readSubjectKey } from '../../vault/subject-key.ts'
import { during, refused, usageError } from '../exit.ts'
import { operatorClient } from '../operator-client.ts'
import { readStandardInput, type Terminal, table } from '../terminal.ts'
import { coverage } from './find-report.ts'
import { logFiles, ReadProgress, readFailure } from './log-reading.ts'

/** The options of `padlock audit subject`, as commander gives them. */
export interface SubjectOptions {
  issuanceLog: string[]
  profile?: string
  kvMount: string
  output: 'table' | 'json'
}

/** The id on standard input, without the line feed that `echo` puts behind it: no id can end with one. */
async function userIdOf(terminal: Terminal): Promise<string> {
  if (terminal.stdin.isTTY) terminal.stderr.write('The userId, then Ctrl-D:\n')
  const userId = String(await readStandardInput(terminal)).replace(/\r?\n$/, '')
  if (userId === '') throw usageError('Give the userId on standard input.')
  if (userId.includes('\n')) throw usageError('Standard input holds more than one line: give one userId.')
  return userId
}

/** Every version of the key that Vault still has. */
async function subjectKeys(client: VaultClient, kvMount: string): Promise<Map<number, SubjectKey>> {
  const read = (version?: number) =>
    during('Reading the subject key', readSubjectKey(client, kvMount, version))
  const newest = await read()
  if (newest === undefined) throw refused('There is no subject key in Vault: `padlock setup` makes it.')
  const keys = new Map([[newest.version, newest]])
  for (let version = 1; version < newest.version; version++) {
    const key = await read(version)
    if (key !== undefined) keys.set(version, key)
  }
  return keys
}

function printTokens(terminal: Terminal, search: SubjectSearch, logs: readonly SearchedLog[]): void {
  const { stdout, stderr } = terminal
  const rows = search.tokens.map(({ time, profile, auditId, key, keyVersion, sub }) => [
    ...[time, profile, auditId, `${key} v${keyVersion}`, sub],
  ])
  if (rows.length > 0) stdout.write(table([['time', 'profile', 'auditId', 'key', 'caller'], ...rows]))
  for (const log of logs) stderr.write(`Searched ${log.file}: ${coverage(log)}\n`)
  const { withoutSubject, withoutKey } = search
  if (withoutSubject > 0)
    stderr.write(`${withoutSubject} tokens carry no subject: whose they are cannot be told.\n`)
  for (const [version, count] of withoutKey) {
    stderr.write(`${count} tokens carry version ${version} of the key, which Vault has no more.\n`)
  }
}

/**
 * `padlock audit subject`: the tokens that were issued for one visitor.
 *
 * @throws CommandError with exit code 1 when there is none, 2 for wrong usage or a log that cannot be read, 3 for a
 *   Vault that does not answer
 */
export async function subject(options: SubjectOptions, terminal: Terminal): Promise<void> {
  if (options.issuanceLog.includes('-'))
    throw usageError('Standard input is for the userId: name the logs as files.')
  const [files = []] = await logFiles(options.issuanceLog)
  const userId = await userIdOf(terminal)
  const operator = await operatorClient(terminal.env)
  let keys: Map<number, SubjectKey>
  try {
    keys = await subjectKeys(clientWithToken(operator.client, operator.token), options.kvMount)
  } finally {
    await operator.client.close()
  }
  const search = new SubjectSearch(userId, options.profile, keys)
  const progress = new ReadProgress(terminal.stderr, files)
  const logs: SearchedLog[] = []
  try {
    for (const file of files) {
      const read = await readLog(file, terminal.stdin, progress.of(file), (line) => {
        const record = issuanceLine(line)
        if (record !== undefined && record !== 'broken' && record.event === 'issued') search.look(record)
      })
      logs.push(read)
    }
  } catch (error) {
    throw readFailure(error)
  } finally {
    progress.end()
  }
  if (options.output === 'json') {
    const { tokens, withoutSubject, withoutKey } = search
    const unknown = { withoutSubject, withoutKey: Object.fromEntries(withoutKey) }
    terminal.stdout.write(`${JSON.stringify({ tokens, unknown, searched: logs }, null, 2)}\n`)
  } else printTokens(terminal, search, logs)
  if (search.tokens.length === 0) throw refused('No token of this visitor was found.')
}
