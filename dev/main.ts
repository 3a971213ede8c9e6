import { paint } from '../src/cli/layout.ts'
import { takeSignals } from '../src/cli/signals.ts'
import { processTerminal } from '../src/cli/terminal.ts'
import { prepareDemo } from './demo/profiles.ts'
import { startDemoOn } from './demo/run.ts'
import { type Environment, type Preparation, port, startEnvironment } from './environment.ts'
import { type FirstToken, issueFirstToken } from './first-token.ts'

const { stdout, stderr } = processTerminal
const print = (line = '') => stdout.write(`${line}\n`)
const bold = (text: string) => paint('bold', text)

/** Tells what became of the first token, and what to try next. */
function tell({ issued, receipt }: FirstToken, environment: Environment): void {
  if (!receipt.accepted) {
    return
  }
  const { padlock, recipient, envFile } = environment
  print()
  print(bold('The first token'))
  print(`  asked for over HTTP at ${padlock.url}, with the JWT of a shop's backend`)
  print(`  signed by version ${issued.keyVersion} of transit key padlock-default, inside Vault`)
  print(`  decrypted by the recipient (JWE ${JSON.stringify(receipt.jwe)})`)
  print(`  verified with public key ${receipt.verifiedWith} (JWS ${JSON.stringify(receipt.jws)})`)
  print(`  good until ${issued.expiresAt}; in Vault's audit log by auditId ${issued.auditId}`)
  print('  its claims:')
  for (const line of JSON.stringify(receipt.claims, null, 2).split('\n')) {
    print(`    ${line}`)
  }
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
  takeSignals(() => stopping.abort())
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
    stderr.write(`\n${ended.part} ended by itself (${how}), so everything else ends too.\n`)
    if (ended.part === 'Padlock') {
      stderr.write(`Its log is ${environment.padlockLog}.\n`)
    }
    return 1
  } catch (error) {
    if (stopping.signal.aborted) {
      return 0
    }
    stderr.message((error as Error).message)
    return 1
  } finally {
    await close?.()
    await environment?.stop()
  }
}

// `make run` gives no word, `make demo` gives `demo`.
process.exit(await dev(process.argv[2] === 'demo' ? storefront : firstToken))
