import { refused, usageError } from './exit.ts'
import type { Output } from './output.ts'
import { type Asked, printNotes, type Terminal } from './terminal.ts'

/** The flags of every command that changes something. */
export interface ChangeFlags {
  /** says what would be changed, and changes nothing */
  dryRun?: boolean
  /** answers the question */
  yes?: boolean
}

/** Who changes something. */
export interface Changing extends Asked, Required<ChangeFlags> {}

/**
 * Refuses a change that nobody can be asked about, before anything else is done.
 *
 * @param proof option with what only somebody else can tell, such as a fingerprint, and what was given
 * @throws CommandError with exit code 2
 */
export function refuseUnasked(
  { stdin }: Terminal,
  { dryRun, yes }: ChangeFlags,
  proof?: { option: string; given: unknown },
): void {
  if (dryRun || stdin.isTTY) {
    return
  }
  const isProved = proof === undefined || proof.given !== undefined
  if (yes && !isProved) {
    throw usageError(`Nobody can be asked here: give --${proof.option}; --yes does not stand in for it.`)
  }
  if (!yes) {
    const flags = isProved ? '--yes' : `--${proof.option} and --yes`
    throw usageError(`Nobody can be asked here: look at it with --dry-run, then give ${flags}.`)
  }
}

/** A change that somebody is asked about. */
export interface Proposal {
  /** shows what would change */
  show: (output: Output) => void
  /** what it means, a sentence each */
  notes?: readonly string[]
  /** answered with yes or no */
  question: string
  /** asks for a proof in place of the question, which it answers; throws where it is none */
  proof?: (() => Promise<void>) | undefined
}

/**
 * Shows a change and asks.
 *
 * @returns false for a dry run, in which nothing may be changed
 * @throws CommandError with exit code 1 when the answer is no
 */
export async function agreed(
  { terminal, json, dryRun, yes }: Changing,
  { show, notes = [], question, proof }: Proposal,
): Promise<boolean> {
  const asks = !dryRun && (proof !== undefined || !yes)
  // A program reads the report; a person who is asked has to see it before.
  if (!json || asks) {
    show(json ? terminal.stderr : terminal.stdout)
    printNotes(terminal, notes)
  }
  if (dryRun) {
    if (!json) {
      terminal.stdout.line('Dry run: nothing was changed.')
    }
    return false
  }
  if (proof !== undefined) {
    await proof()
  } else if (!yes && !(await confirm(terminal, question))) {
    throw refused('Nothing was changed.')
  }
  return true
}

/**
 * Asks for a line of text.
 *
 * @param otherwise what to give where nobody can be asked, such as an option's name
 * @returns the line without white space at its ends
 * @throws CommandError with exit code 2 where nobody can be asked, 1 when Ctrl-C or Ctrl-D is the answer
 */
export async function ask({ stdin, stderr }: Terminal, question: string, otherwise: string): Promise<string> {
  if (!stdin.isTTY) {
    throw usageError(`Nobody can be asked here: ${otherwise}.`)
  }
  const answer = await stderr.ask(stdin, question)
  if (answer !== undefined) {
    return answer.trim()
  }
  stderr.write('\n')
  throw refused('Nothing was changed.')
}

/**
 * Asks a question that is answered with yes or no; no is the answer of an empty line.
 *
 * @throws CommandError as `ask` does
 */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N]`, 'look at --dry-run, then give --yes')
  return /^y(es)?$/i.test(answer)
}
