import type { VaultClient } from '../vault/client.ts'
import { clientWithToken } from '../vault/client-with-token.ts'
import { operatorClient } from './operator-client.ts'
import type { Terminal } from './terminal.ts'

/** What `operatorCommand`'s options hold. */
export interface OperatorOptions {
  kvMount: string
  transitMount: string
  output: 'table' | 'json'
}

/** What `withChangeOptions`' options hold. */
export interface ChangeOptions {
  dryRun?: boolean
  yes?: boolean
}

/** An operator at work: who is asked, and where things are in Vault. */
export interface Operator {
  terminal: Terminal
  /** with the operator's token on every call */
  client: VaultClient
  kvMount: string
  transitMount: string
  /** true: standard output is for a program */
  json: boolean
}

/**
 * Opens Vault with the operator's token, does the work, and closes it again.
 *
 * @throws CommandError with exit code 2 where Vault's address or token is missing
 */
export async function asOperator(
  terminal: Terminal,
  { kvMount, transitMount, output }: OperatorOptions,
  work: (operator: Operator) => Promise<void>,
): Promise<void> {
  const { client: open, token } = await operatorClient(terminal.env)
  const client = clientWithToken(open, token)
  try {
    await work({ terminal, client, kvMount, transitMount, json: output === 'json' })
  } finally {
    await client.close()
  }
}
