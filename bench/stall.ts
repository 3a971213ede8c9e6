import { setTimeout as sleep } from 'node:timers/promises'
import { shareCores } from './capacity.ts'
import { type TokenAnswer, TokenConnection } from './load/token-connection.ts'
import { runWrk } from './load/wrk.ts'
import type { Target } from './targets/target.ts'

/** What clients saw of one disturbance of Vault, over all rounds. */
export interface StallResult {
  disturbance: string
  tokens: number
  refused: number
  /** of these, who could have had a token in the second after the refusal */
  falselyRefused: number
  /** neither a token nor a 503 with Retry-After */
  anythingElse: number
  slowestTokenMs: number
}

interface Disturbance {
  /** milliseconds of load before it; without, it begins with the first token */
  afterMs?: number
  /** what happens before the load begins */
  first?: () => Promise<unknown>
  happens?: () => Promise<unknown>
}

const connections = 128
const rounds = 3
/** milliseconds for which the load goes on afterwards */
const recoveryMs = 1_500
const nextMs = 1_000

/**
 * How many were refused who could have been served. Each connection has one request at a time, so as many tokens as
 * there are connections serve all who ask at one moment: where so many came in the second after a refusal, it was false.
 */
export function falseRefusals(answers: readonly TokenAnswer[], connections: number): number {
  const at = ({ answeredAt }: TokenAnswer) => answeredAt
  const tokensAt = answers.filter(({ status }) => status === 200).map(at)
  const tokensAfter = (from: number) =>
    tokensAt.filter((token) => token > from && token <= from + nextMs).length
  const refusedAt = answers.filter(({ status }) => status === 503).map(at)
  return refusedAt.filter((from) => tokensAfter(from) >= connections).length
}

function disturbances(raw: Target): Record<string, Disturbance> {
  const stall = (ms: number) => async () => {
    process.kill(raw.vaultPid, 'SIGSTOP')
    await sleep(ms)
    process.kill(raw.vaultPid, 'SIGCONT')
  }
  const burst = () => runWrk({ ...raw, connections: 64, seconds: 2, cores: '0,1' })
  return {
    'Vault stands still for 300 ms': { afterMs: 1_000, happens: stall(300) },
    'Vault stands still for 600 ms': { afterMs: 1_000, happens: stall(600) },
    'Vault stands still for 900 ms': { afterMs: 1_000, happens: stall(900) },
    'Vault stands still for 300 ms after the first token': { happens: stall(300) },
    'Vault stands still for 900 ms after the first token': { happens: stall(900) },
    "another client's burst of 2 s, during the load": { afterMs: 500, happens: burst },
    "another client's burst of 2 s, which ends as the load begins": { afterMs: 0, first: burst },
  }
}

/** The answers to 128 connections that ask without a pause. */
async function answersTo(target: Target, { afterMs, first, happens }: Disturbance): Promise<TokenAnswer[]> {
  await first?.()
  const answers: TokenAnswer[] = []
  const begun = Promise.withResolvers<void>()
  let stopped = false
  const clients = Array.from({ length: connections }, async (_, client) => {
    const connection = new TokenConnection(target)
    for (let n = 0; !stopped; n++) {
      answers.push(await connection.ask(`visitor-${client}-${n}`))
      begun.resolve()
    }
    connection.close()
  })
  await (afterMs === undefined ? begun.promise : sleep(afterMs))
  await happens?.()
  await sleep(recoveryMs)
  stopped = true
  await Promise.all(clients)
  return answers
}

function resultOf(disturbance: string, answers: readonly TokenAnswer[]): StallResult {
  const tokens = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status, retryAfter }) => status === 503 && retryAfter !== undefined)
  return {
    disturbance,
    tokens: tokens.length,
    refused: refused.length,
    falselyRefused: falseRefusals(answers, connections),
    anythingElse: answers.length - tokens.length - refused.length,
    slowestTokenMs: tokens.reduce((most, one) => Math.max(most, one.answeredAt - one.askedAt), 0),
  }
}

/**
 * Lets Vault stand still, or serve another client's burst, and counts whom Padlock refuses though it need not.
 *
 * @param raw that Vault, without Padlock
 */
export async function stalls(
  target: Target,
  raw: Target,
  log: (line: string) => void,
): Promise<StallResult[]> {
  shareCores(target)
  const results: StallResult[] = []
  for (const [name, disturbance] of Object.entries(disturbances(raw))) {
    log(`128 connections, ${rounds} rounds: ${name}`)
    const each: StallResult[] = []
    for (let round = 0; round < rounds; round++) {
      each.push(resultOf(name, await answersTo(target, disturbance)))
    }
    const sum = (pick: (one: StallResult) => number) => each.reduce((total, one) => total + pick(one), 0)
    results.push({
      disturbance: name,
      tokens: sum((one) => one.tokens),
      refused: sum((one) => one.refused),
      falselyRefused: sum((one) => one.falselyRefused),
      anythingElse: sum((one) => one.anythingElse),
      slowestTokenMs: Math.max(...each.map((one) => one.slowestTokenMs)),
    })
  }
  return results
}
