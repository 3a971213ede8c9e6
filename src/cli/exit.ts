import { CommanderError } from 'commander'
import { PadlockError } from '../errors.ts'
import { VaultError } from '../vault/client/vault-error.ts'

/** Exit codes of every command; docs/command-line.md has those of signals and of `serve`. */
export const exitCodes = { done: 0, refused: 1, usage: 2, vaultUnreachable: 3 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What ends a command: its exit code and a sentence for the operator; none where its report has said why. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message = '', options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** A command that may not or cannot be done as things stand. */
export const refused = (message: string) => new CommandError(exitCodes.refused, message)

/** A command that was not given what it needs. */
export const usageError = (message: string) => new CommandError(exitCodes.usage, message)

/** Vault's own words, as one line; a denial's say no more than its code. */
function wordsOf({ vaultMessages, message: ours, code }: VaultError): string[] {
  return (
    vaultMessages
      .map((message) => message.replace(/\s+/g, ' ').trim())
      .map((message) =>
        code === 'vault_denied'
          ? message.replace(/^\d+ errors? occurred:|\* permission denied/g, '').trim()
          : message,
      )
      .filter((message) => message !== '' && message !== 'permission denied')
      // Vault's own words may be ours: "Vault is sealed".
      .filter((message) => !ours.toLowerCase().startsWith(message.toLowerCase()))
  )
}

function vaultFailure(error: VaultError): CommandError {
  const status = error.vaultStatus
  // A 500 is Vault's answer to some mistakes of a caller; the other 5xx are its own state.
  const isVault = status !== undefined && status >= 300
  const away = isVault ? status > 500 || status === 429 : error.code !== 'internal_error'
  const hint = isVault ? [] : ['Look at VAULT_ADDR.']
  const message = [error.message, ...wordsOf(error), ...hint].join(' ')
  return new CommandError(away ? exitCodes.vaultUnreachable : exitCodes.refused, message, { cause: error })
}

/** Any error as what ends a command. */
export function failureOf(error: unknown): CommandError {
  if (error instanceof CommandError) {
    return error
  }
  if (error instanceof VaultError) {
    return vaultFailure(error)
  }
  // Commander has told what is wrong, or has printed the help that was asked for.
  if (error instanceof CommanderError) {
    return new CommandError(error.exitCode === 0 ? exitCodes.done : exitCodes.usage, '', { cause: error })
  }
  if (error instanceof PadlockError) {
    return new CommandError(exitCodes.refused, error.message, { cause: error })
  }
  const { stack, message } = error instanceof Error ? error : new Error(String(error))
  return new CommandError(exitCodes.refused, `This is a fault of padlock's own: ${stack ?? message}`)
}

/**
 * Awaits something of Vault's, so that a failure says during what it came.
 *
 * @throws CommandError
 */
export async function during<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof VaultError)) {
      throw error
    }
    const failure = vaultFailure(error)
    throw new CommandError(failure.exitCode, `${what}: ${failure.message}`, { cause: error })
  }
}

/**
 * Awaits a command's work; a call that Vault denied says which right it wants.
 *
 * @param right such as `the policy padlock-operator`
 * @throws CommandError
 */
export async function withRight(right: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    const failure = failureOf(error)
    const { cause, exitCode, message } = failure
    if (!(cause instanceof VaultError && cause.code === 'vault_denied')) {
      throw failure
    }
    const hint = `Your token (VAULT_TOKEN) has expired, or is without ${right}.`
    throw new CommandError(exitCode, `${message} ${hint}`, { cause })
  }
}
