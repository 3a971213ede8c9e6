import { styleText } from 'node:util'
import type { Command } from 'commander'
import { prepareDemo, startDemoOn } from '../dev/demo/run.ts'
import { type Environment, type Preparation, port, startEnvironment } from '../dev/environment.ts'
import { type FirstToken, issueFirstToken } from '../dev/first-token.ts'
import { command } from './command.ts'

const print = (line = '') => process.stdout.write(`${line}\n`)
const bold = (text: string) => styleText('bold', text)

/** Tells what became of the first token, and what to try next. */
function tell({ issued, receipt }: FirstToken, environment: Environment): void {
  if (!receipt.accepted) return
  const { padlock, recipient, envFile } = environment
  print()
  print(bold('The first token'))
  print(`  asked for over HTTP at ${padlock.url}, with the JWT of a shop's backend`)
  print(`  signed by version ${issued.keyVersion} of transit key padlock-default, inside Vault`)
  print(`  decrypted by the recipient (JWE ${JSON.stringify(receipt.jwe)})`)
  print(`  verified with public key ${receipt.verifiedWith} (JWS ${JSON.stringify(receipt.jws)})`)
  print(`  good until ${issued.expiresAt}; in Vault's audit log by auditId ${issued.auditId}`)
  print('  its claims:')
  for (const line of JSON.stringify(receipt.claims, null, 2).split('\n')) print(`    ${line}`)
  print()
  print(bold('Try it yourself, in another terminal'))
  print(`  set -a; . ./${envFile}; set +a`)
  print('  curl -sS "$PADLOCK_URL/v1/profiles/default/tokens" \\')
  print('    -H "Authorization: Bearer $PADLOCK_DEV_CALLER_TOKEN" -H "Content-Type: application/json" \\')
  print(`    -d '{"userId":"customer-8714"}'`)
  print('and show the token that it answers to the recipient:')
  print(`  curl -sS ${recipient.url} -H "Content-Type: text/plain" -d "<token>"`)
  print()
  print('Press Ctrl-C to end Padlock, the recipient and Vault.')
}

/** What is to run in the foreground, beside what `make run` starts. */
interface Purpose {
  prepare?: Preparation
  /** Starts and tells. @returns what ends it */
  present(environment: Environment): Promise<() => Promise<void>>
}

const firstToken: Purpose = {
  async present(environment) {
    const { padlock, callerToken, recipient } = environment
    tell(await issueFirstToken(padlock.url, callerToken, recipient.url), environment)
    return async () => {}
  },
}

const storefront: Purpose = {
  prepare: prepareDemo,
  async present(environment) {
    const demo = await startDemoOn(environment, port(process.env, 'PADLOCK_DEV_DEMO_PORT', 3200))
    print()
    print(bold(`Open ${demo.url} in a browser: a shop, and the agent's desk beside it.`))
    print()
    print('Press Ctrl-C to end the demo, Padlock, the recipient and Vault.')
    return demo.close
  },
}

/** The whole environment in the foreground. @returns the exit code */
async function dev({ prepare, present }: Purpose): Promise<number> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
  const stopped = new Promise<undefined>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(undefined))
  })
  let environment: Environment | undefined
  let close: (() => Promise<void>) | undefined
  try {
    environment = await startEnvironment(process.env, (line) => print(line), stopping.signal, prepare)
    close = await present(environment)
    const ended = await Promise.race([environment.ended, stopped])
    if (ended === undefined) {
      print('\nEnding Padlock, the recipient and Vault.')
      return 0
    }
    const how = ended.end.signal ?? `exit code ${ended.end.code}`
    process.stderr.write(`\n${ended.part} ended by itself (${how}), so everything else ends too.\n`)
    if (ended.part === 'Padlock') process.stderr.write(`Its log is ${environment.padlockLog}.\n`)
    return 1
  } catch (error) {
    if (stopping.signal.aborted) return 0
    process.stderr.write(`${(error as Error).message}\n`)
    return 1
  } finally {
    await close?.()
    await environment?.stop()
  }
}

const help = {
  description: 'development: a Vault, Padlock on it, and a recipient that stands where iAdvize stands',
  text: `It stays in the foreground until Ctrl-C, and ends all that it started and nothing else. Where it is, and what a
script needs to call it, stands in .dev/env.`,
  examples: ['padlock dev', 'PADLOCK_PORT=3001 PADLOCK_DEV_VAULT_PORT=8201 padlock dev'],
  exitCodes: 'Exit codes: 0 ended by a signal, 1 a part could not start or ended by itself.',
}

const demoHelp = {
  description: "the same with a storefront and the agent's desk, to see it work in a browser",
  text: `It prints the address to open. PADLOCK_DEV_DEMO_PORT is its port (default: 3200).`,
  examples: ['padlock dev demo', 'PADLOCK_DEV_DEMO_PORT=3201 padlock dev demo'],
  exitCodes: help.exitCodes,
}

/** `padlock dev` and its parts; development only. */
export function devCommand(): Command {
  return command('dev', help)
    .action(async () => {
      process.exit(await dev(firstToken))
    })
    .addCommand(
      command('demo', demoHelp).action(async () => {
        process.exit(await dev(storefront))
      }),
    )
}
