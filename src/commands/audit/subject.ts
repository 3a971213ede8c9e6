import { Option } from '@commander-js/extra-typings'
import { SubjectSearch } from '../../audit/find/subject-search.ts'
import type { LogFile } from '../../audit/trail/log-lines.ts'
import { readLog, type SearchedLog } from '../../audit/trail/read-log.ts'
import { during, refused, usageError } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { operatorVerb } from '../../cli/verb.ts'
import { issuanceLine } from '../../issuance/issuance-line.ts'
import type { SubjectKey } from '../../token/subject.ts'
import { SubjectKeyStore } from '../../vault/keys/subject-key.ts'
import { tokenHeads, tokenRow } from './find-report.ts'
import { auditHelp, issuanceLogOption } from './flags.ts'
import { coverage, logFiles, ReadProgress, readFailure } from './log-reading.ts'

/** The id on standard input, without the line feed that `echo` puts behind it: no id can end with one. */
async function userIdOf(terminal: Terminal): Promise<string> {
  const userId = String(await readInput(terminal, '-', 'the userId')).replace(/\r?\n$/, '')
  if (userId === '') {
    throw usageError('Give the userId on standard input.')
  }
  if (userId.includes('\n')) {
    throw usageError('Standard input holds more than one line: give one userId.')
  }
  return userId
}

/** Every version of the key that Vault still has. */
async function subjectKeys(store: SubjectKeyStore): Promise<Map<number, SubjectKey>> {
  const read = (version?: number) => during('Reading the subject key', store.read(version))
  const newest = await read()
  if (newest === undefined) {
    throw refused('There is no subject key in Vault: `padlock setup` makes it.')
  }
  const keys = new Map([[newest.version, newest]])
  for (let version = 1; version < newest.version; version++) {
    const key = await read(version)
    if (key !== undefined) {
      keys.set(version, key)
    }
  }
  return keys
}

function printTokens(terminal: Terminal, search: SubjectSearch, logs: readonly SearchedLog[]): void {
  const { stdout, stderr } = terminal
  if (search.tokens.length > 0) {
    stdout.table(search.tokens.map(tokenRow), tokenHeads)
  }
  for (const log of logs) {
    stderr.line(`Searched ${log.file}: ${coverage(log)}`)
  }
  const { withoutSubject, withoutKey } = search
  if (withoutSubject > 0) {
    stderr.line(`${withoutSubject} tokens carry no subject: whose they are cannot be told.`)
  }
  for (const [version, count] of withoutKey) {
    stderr.line(`${count} tokens carry version ${version} of the key, which Vault has no more.`)
  }
}

/** Looks at each token of the logs. */
async function read(
  search: SubjectSearch,
  files: readonly LogFile[],
  terminal: Terminal,
): Promise<SearchedLog[]> {
  const progress = new ReadProgress(terminal.stderr, files)
  const look = (line: Buffer) => {
    const record = issuanceLine(line)
    if (record === 'broken') {
      return false
    }
    if (record?.event === 'issued') {
      search.look(record)
    }
    return true
  }
  try {
    const logs: SearchedLog[] = []
    for (const file of files) {
      logs.push(await readLog(file, 'issuance', terminal.stdin, progress.of(file), look))
    }
    return logs
  } catch (error) {
    throw readFailure(error)
  } finally {
    progress.end()
  }
}

const help = {
  ...auditHelp,
  mounts: ['kv'] as const,
  examples: [
    'padlock audit subject --issuance-log /var/log/padlock/issuance.log* < user-id',
    'padlock audit subject --issuance-log issuance.log --output json < user-id',
  ],
}

/**
 * `padlock audit subject`: the tokens that were issued for one visitor. Exit code 1 when there is none, 2 for a log that
 * cannot be read.
 */
export const verb = operatorVerb(
  help,
  (command) =>
    command
      .addOption(issuanceLogOption().makeOptionMandatory())
      .addOption(new Option('--profile <name>', 'of this profile alone').argParser(profileName)),
  async ({ terminal, client, profiles, json }, { issuanceLog, profile }) => {
    if (issuanceLog.includes('-')) {
      throw usageError('Standard input is for the userId: name the logs as files.')
    }
    const [files = []] = await logFiles(issuanceLog)
    const userId = await userIdOf(terminal)
    const keys = await subjectKeys(new SubjectKeyStore(client, profiles.mount))
    const search = new SubjectSearch(userId, profile, keys)
    const logs = await read(search, files, terminal)
    const { tokens, withoutSubject, withoutKey } = search
    if (json) {
      const unknown = { withoutSubject, withoutKey: Object.fromEntries(withoutKey) }
      terminal.stdout.json({ tokens, unknown, searched: logs })
    } else {
      printTokens(terminal, search, logs)
    }
    if (tokens.length === 0) {
      throw refused('No token of this visitor was found.')
    }
  },
)
