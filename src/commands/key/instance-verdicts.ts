import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { Check } from 'typebox/schema'
import { usageError } from '../../cli/exit.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { readBounded } from '../../outgoing/bounded-body.ts'
import { fetchDirectly } from '../../outgoing/tls.ts'

/** What a running instance does with a new pinned version. */
export interface Verdict {
  instance: string
  /** `follows`: it signs with the version; `keeps`: it goes on with another one; `unreachable`: it does not answer */
  verdict: 'follows' | 'keeps' | 'unreachable'
  /** version that it signs with; null where it does not say */
  keyVersion: number | null
  /** why it does not follow; null when it does */
  reason: string | null
}

/** What an instance shall come to. */
export interface Expected {
  profile: string
  version: number
  /** KV version of the settings that say so */
  kvVersion: number
  /** seconds to wait at the most; without it, twice the instance's refresh interval and ten */
  waitSeconds?: number | undefined
}

const ReadySchema = Type.Object({
  components: Type.Object({
    profiles: Type.Object({
      refreshSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 3_600 })),
      entries: Type.Array(
        Type.Object({
          name: Type.String(),
          keyVersion: Type.Optional(Type.Integer()),
          kvVersion: Type.Optional(Type.Integer()),
          error: Type.Optional(Type.String({ pattern: '^[a-z_]{1,64}$' })),
        }),
      ),
    }),
  }),
})

const pollMs = 250
const notSeen = 'it has not seen the change'
const answerTimeoutMs = 2_000
/** Room for ten thousand profiles. */
const maxAnswerBytes = 4 * 1024 * 1024
const defaultRefreshSeconds = 15

/**
 * The instances to ask: those given, or else PADLOCK_INSTANCES (with commas or spaces between them), or else PADLOCK_URL.
 *
 * @throws CommandError with exit code 2 for what is no address
 */
export function instancesOf(given: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const listed = (env.PADLOCK_INSTANCES || env.PADLOCK_URL || '').split(/[\s,]+/).filter((url) => url !== '')
  const urls = given.length > 0 ? given : listed
  return urls.map((text) => {
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
      throw usageError('An instance is an http or https URL, such as http://10.0.0.7:3000 (--instance).')
    }
    return url.href.replace(/\/$/, '')
  })
}

async function readiness(instance: string) {
  const signal = AbortSignal.timeout(answerTimeoutMs)
  // 503 has the same body: an instance that is not ready says why.
  const answer = await fetchDirectly(`${instance}/health/ready`, { signal })
  const body: unknown = JSON.parse(await readBounded(answer.body, maxAnswerBytes))
  if (!Check(ReadySchema, body)) {
    throw new TypeError('not a Padlock')
  }
  return body.components.profiles
}

/** What an instance says now; `final` when waiting changes nothing. */
async function look(instance: string, { profile, version, kvVersion }: Expected) {
  try {
    const { entries, refreshSeconds = defaultRefreshSeconds } = await readiness(instance)
    const entry = entries.find(({ name }) => name === profile)
    const keyVersion = entry?.keyVersion ?? null
    const follows = keyVersion === version
    const seen = (entry?.kvVersion ?? 0) >= kvVersion
    const reason = follows
      ? null
      : entry === undefined
        ? 'it has no such profile'
        : (entry.error ?? (seen ? 'it does not say why' : notSeen))
    const verdict: Verdict['verdict'] = follows ? 'follows' : 'keeps'
    return { verdict: { instance, verdict, keyVersion, reason }, final: follows, refreshSeconds }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    const reason = name === 'TimeoutError' ? 'no answer in time' : (cause?.code ?? 'no answer of a Padlock')
    const verdict: Verdict = { instance, verdict: 'unreachable', keyVersion: null, reason }
    return { verdict, final: false, refreshSeconds: defaultRefreshSeconds }
  }
}

/** What an instance says now of the version that it signs with. */
export async function lookAt(instance: string, expected: Expected): Promise<Verdict> {
  return (await look(instance, expected)).verdict
}

async function awaitOne(terminal: Terminal, instance: string, expected: Expected): Promise<Verdict> {
  const start = performance.now()
  let told = notSeen
  for (;;) {
    const { verdict, final, refreshSeconds } = await look(instance, expected)
    const waitSeconds = expected.waitSeconds ?? 2 * refreshSeconds + 10
    if (final || performance.now() - start >= waitSeconds * 1000) {
      return verdict
    }
    if (verdict.reason !== null && verdict.reason !== told) {
      told = verdict.reason
      terminal.stderr.line(`${verdictText(verdict)}; waiting …`)
    }
    await sleep(pollMs)
  }
}

export const verdictText = ({ instance, verdict, keyVersion, reason }: Verdict): string => {
  const signs = keyVersion === null ? '' : `signs with version ${keyVersion}`
  if (verdict === 'follows') {
    return `${instance} ${signs}`
  }
  if (verdict === 'unreachable') {
    return `${instance} did not answer (${reason})`
  }
  return `${instance} ${signs === '' ? 'does not sign' : `still ${signs}`}: ${reason}`
}

/** Waits for each instance until it follows or its time is over; writes each verdict to standard error as it comes. */
export async function awaitInstances(
  terminal: Terminal,
  instances: readonly string[],
  expected: Expected,
): Promise<Verdict[]> {
  if (instances.length > 0) {
    terminal.stderr.write(`Waiting for ${instances.length} instance${instances.length === 1 ? '' : 's'} …\n`)
  }
  return Promise.all(
    instances.map(async (instance) => {
      const verdict = await awaitOne(terminal, instance, expected)
      terminal.stderr.line(verdictText(verdict))
      return verdict
    }),
  )
}
