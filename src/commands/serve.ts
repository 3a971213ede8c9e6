import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { Command } from 'commander'
import type { Redis } from 'ioredis'
import type { Issuance } from '../audit/issuance.ts'
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { buildApp } from '../http/app.ts'
import { breakerMetric } from '../http/breaker-metric.ts'
import type { CallerKeys } from '../http/caller-keys.ts'
import { issuanceMetrics } from '../http/issuance-metrics.ts'
import { createMetrics } from '../http/metrics.ts'
import { openTlsListener, type TlsListener } from '../http/tls-listener.ts'
import { vaultMetrics } from '../http/vault-metrics.ts'
import { openTracing } from '../tracing/open.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { VaultClient } from '../vault/client.ts'
import { createLogin } from '../vault/login.ts'
import { ProfileRegistry } from '../vault/profile-registry.ts'
import { VaultSession } from '../vault/session.ts'
import { signingProbe } from '../vault/signing-probe.ts'
import { SubjectKeyReader } from '../vault/subject-key-reader.ts'
import { TransitSigner } from '../vault/transit-signer.ts'
import { VaultBreaker } from '../vault/vault-breaker.ts'
import { VaultClock } from '../vault/vault-clock.ts'
import { VaultHealth } from '../vault/vault-health.ts'
import { command } from './command.ts'
import { keepHeapSmall } from './heap.ts'
import { openIssuance } from './issuance.ts'
import { type Log, type OpenLog, openLog } from './log.ts'
import { firstRefresh } from './serve/first-refresh.ts'
import { listen } from './serve/listen.ts'
import { openCallerKeys, openRedis, openVault } from './serve/resources.ts'
import { reportUnusedVariables } from './serve/unused-variables.ts'

/** Of the time that a stop may take after its delay: for the callers' connections, and then for Vault. */
const drainShare = 0.75
const leaveShare = 0.2

/**
 * `padlock serve`: the HTTP service, until a signal stops it.
 *
 * @returns the exit code when it cannot start: 2 for a configuration that is not usable, 1 otherwise
 */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  keepHeapSmall()
  let config: Config
  let output: OpenLog
  let log: Log
  let client: VaultClient
  let sessionClient: VaultClient
  let callerKeys: CallerKeys
  let redis: Redis | undefined
  let issuance: Issuance | undefined
  let tls: TlsListener | undefined
  let tracing: Tracing | undefined
  try {
    config = loadConfig(env)
    output = openLog(config.PADLOCK_LOG_LEVEL)
    log = output.log
    client = openVault(config, log)
    // Its calls must not wait for a connection behind those that need it.
    sessionClient = openVault(config, log)
    callerKeys = await openCallerKeys(config, log)
    tls = openTlsListener(config, log)
    redis = await openRedis(config, log)
    issuance = await openIssuance(config, log, output.stream)
    tracing = await openTracing(config, log)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  reportUnusedVariables(config, env, log)

  let stopping = false
  const breaker = new VaultBreaker(log)
  const metrics = createMetrics()
  const session = new VaultSession(sessionClient, createLogin(sessionClient, config, log), log, {
    login: (result) => metrics.vaultLogins.inc({ result }),
  })
  const clock = new VaultClock(log)
  const health = new VaultHealth(sessionClient, breaker, clock)
  vaultMetrics(metrics.registry, { session, clock })
  const mounts = { kv: config.PADLOCK_KV_MOUNT, transit: config.PADLOCK_TRANSIT_MOUNT }
  const profiles = new ProfileRegistry({
    ...{ client, session, mounts, log },
    probe: signingProbe(client, session, mounts.transit),
    refreshSeconds: config.PADLOCK_PROFILE_REFRESH_SECONDS,
  })
  output.onDrop(() => metrics.logLinesDropped.inc())
  breakerMetric(metrics.registry, breaker)
  if (issuance !== undefined) issuanceMetrics(metrics.registry, issuance)
  const subjectKey = new SubjectKeyReader(client, session, mounts.kv, log, (key) => {
    if (issuance !== undefined) issuance.log.subjectKey = key
  })
  const signer = new TransitSigner({
    ...{ client, session, breaker, mount: config.PADLOCK_TRANSIT_MOUNT, observer: metrics.signing, tracing },
    onAsk: issuance && ((...call) => issuance.log.asked(...call)),
    limits: {
      inFlight: config.PADLOCK_SIGN_IN_FLIGHT,
      batchMax: config.PADLOCK_SIGN_BATCH_MAX,
      queueMax: config.PADLOCK_SIGN_QUEUE_MAX,
    },
  })
  const app = await buildApp({
    ...{ config, log, session, profiles, signer, callerKeys, health, clock, metrics },
    ...{ tracing, issuance, redis, tls },
  })

  async function stop(): Promise<void> {
    stopping = true
    const delayMs = config.PADLOCK_DRAIN_DELAY_MS
    // The rest is for taking leave of Vault.
    await app.drain.stop(delayMs, (config.PADLOCK_GRACE_PERIOD_MS - delayMs) * drainShare)
    await Promise.race([takeLeave(), sleep((config.PADLOCK_GRACE_PERIOD_MS - delayMs) * leaveShare)])
  }
  async function takeLeave(): Promise<void> {
    profiles.stop()
    subjectKey.stop()
    health.stop()
    callerKeys.stop()
    await app.close()
    // Beside the rest: a collector that is slow must not keep the login's token from being revoked.
    const traced = tracing?.shutdown()
    redis?.disconnect()
    await issuance?.stop()
    await session.stop()
    await Promise.all([client.close(), sessionClient.close(), traced])
  }
  const onSignal = closeWithGrace(
    {
      ...{ delay: config.PADLOCK_GRACE_PERIOD_MS, logger: false },
      // Where it rotates the issuance log, it is no stop.
      skip: process.listenerCount('SIGHUP') > 0 ? ['SIGHUP'] : [],
    },
    async ({ signal, err }) => {
      if (err) log.fatal({ errorName: err.name }, 'stopping after an error that nothing caught')
      else log.info({ signal }, 'stopping')
      await stop()
    },
  )

  if (!(await listen(app, config, log))) return 1
  health.start()
  await Promise.all([session.start(), callerKeys.start()])
  if (issuance !== undefined) await subjectKey.start()
  if (!(await firstRefresh(profiles, log, () => stopping))) {
    log.fatal('no profile can sign; see the errors above, and `padlock setup`')
    onSignal.uninstall()
    await stop()
    return 1
  }
  profiles.start()
  return new Promise<number>(() => {})
}

const help = {
  description: 'run the HTTP service (configured by the environment: see .env.example)',
  text: 'It serves until SIGTERM or SIGINT, which finish what is in flight. Its log goes to standard output, as JSON.',
  examples: ['set -a; . ./padlock.env; set +a; padlock serve', 'curl -sS http://127.0.0.1:3000/health/ready'],
  exitCodes:
    'Exit codes: 0 stopped by a signal, 1 it cannot listen or no profile can sign, 2 wrong configuration.',
}

export function serveCommand(): Command {
  return command('serve', help).action(async () => {
    process.exit(await serve(process.env))
  })
}
