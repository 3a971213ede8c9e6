import { stripVTControlCharacters, styleText } from 'node:util'
import { CommanderError } from 'commander'
import { PadlockError } from '../errors.ts'
import { VaultError } from '../vault/client.ts'
import type { Terminal } from './terminal.ts'

/** Exit codes of every command. */
export const exitCodes = { done: 0, refused: 1, usage: 2, vaultUnreachable: 3 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What ends a command: its exit code and a sentence for the operator. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** A command that may not or cannot be done as things stand. */
export const refused = (message: string) => new CommandError(exitCodes.refused, message)

/** A command that was not given what it needs. */
export const usageError = (message: string) => new CommandError(exitCodes.usage, message)

function vaultFailure(error: VaultError): CommandError {
  const status = error.vaultStatus
  // A 500 is Vault's answer to some mistakes of a caller; the other 5xx are its own state.
  const away = status === undefined ? error.code !== 'internal_error' : status > 500 || status === 429
  const words = error.vaultMessages.map((message) =>
    stripVTControlCharacters(message).replace(/\s+/g, ' ').trim(),
  )
  const hint =
    error.code === 'vault_denied'
      ? ' Look at the token (VAULT_TOKEN) and its policies.'
      : status === undefined
        ? ' Look at VAULT_ADDR.'
        : ''
  const message = [error.message, ...words].join(' ') + hint
  return new CommandError(away ? exitCodes.vaultUnreachable : exitCodes.refused, message, { cause: error })
}

/** Any error as what ends a command. */
export function failureOf(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  if (error instanceof VaultError) return vaultFailure(error)
  // Commander has told what is wrong, or has printed the help that was asked for.
  if (error instanceof CommanderError) {
    return new CommandError(error.exitCode === 0 ? exitCodes.done : exitCodes.usage, '', { cause: error })
  }
  if (error instanceof PadlockError)
    return new CommandError(exitCodes.refused, error.message, { cause: error })
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
    if (!(error instanceof VaultError)) throw error
    const failure = vaultFailure(error)
    throw new CommandError(failure.exitCode, `${what}: ${failure.message}`, { cause: error })
  }
}

/** Runs a command's work; a failure becomes one message on standard error and the process's exit code. */
export async function runCommand(terminal: Terminal, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== '') {
      const error = styleText('red', 'error:', { stream: terminal.stderr })
      terminal.stderr.write(`${error} ${failure.message}\n`)
    }
    process.exitCode = failure.exitCode
  }
}
