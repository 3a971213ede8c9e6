import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { buildAdminApp } from '../../http/admin-app.ts'
import { buildApp } from '../../http/app.ts'
import { openTlsListener } from '../../http/tls/tls-listener.ts'
import { hangUp, openIssuance } from '../../issuance/open.ts'
import type { OpenLog } from '../../log.ts'
import { createMetrics } from '../../metrics/metrics.ts'
import { registerMetrics } from '../../metrics/register.ts'
import { openTracing } from '../../tracing/open.ts'
import { authenticated } from '../../vault/client/client.ts'
import { VaultClock } from '../../vault/clock.ts'
import { VaultHealth } from '../../vault/health.ts'
import { SubjectKeyStore } from '../../vault/keys/subject-key.ts'
import { SubjectKeyReader } from '../../vault/keys/subject-key-reader.ts'
import { createLogin } from '../../vault/login/create-login.ts'
import { ProfileRegistry } from '../../vault/profiles/profile-registry.ts'
import { VaultSession } from '../../vault/session/session.ts'
import { VaultBreaker } from '../../vault/signing/breaker.ts'
import { signingProbe } from '../../vault/signing/signing-probe.ts'
import { TransitSigner } from '../../vault/signing/transit-signer.ts'
import { firstRefresh } from './first-refresh.ts'
import { listen } from './listen.ts'
import { openCallerKeys, openRedis, openVault } from './resources.ts'

/** Of the time that a stop may take after its delay: for the callers' connections, and then for Vault. */
const drainShare = 0.75
const leaveShare = 0.2
/** Of the time that is left then: for lines that wait for the reader of standard output. */
const flushShare = 0.8
/** How long a start that fails may take to write its log, in milliseconds. */
export const flushMs = 1_000

/** The service: built, started once, stopped once. */
export interface Service {
  /** whether no line of the log or of the issuance log is missing */
  readonly isSettled: boolean
  /**
   * Listens, logs in and reads the profiles.
   *
   * @returns false where it cannot listen, or where no profile can sign: it has stopped by then, and the log says why
   */
  start(): Promise<boolean>
  /** Refuses new requests, finishes those in flight, revokes the login's token; within PADLOCK_GRACE_PERIOD_MS. */
  stop(): Promise<void>
  /** Reopens files, as after a rotation. */
  hangUp(): void
}

/**
 * Builds all parts of the service; nothing is sent to Vault yet.
 *
 * @param output closed by `stop`
 * @throws ConfigError when a file cannot be used; what was open by then is closed again
 */
export async function buildService(config: Config, output: OpenLog): Promise<Service> {
  const parts = new AsyncDisposableStack()
  try {
    return await build(config, output, parts)
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

/** @param parts what is taken down at the end, the last first */
async function build(config: Config, output: OpenLog, parts: AsyncDisposableStack): Promise<Service> {
  const { log } = output
  const openClient = () => parts.adopt(openVault(config, log), (client) => client.close())
  const client = openClient()
  // Its calls must not wait for a connection behind those that need it.
  const sessionClient = openClient()
  const callerKeys = parts.adopt(await openCallerKeys(config, log), (keys) => keys.stop())
  const tls = openTlsListener(config, log)
  const redis = await openRedis(config, log)
  parts.defer(() => redis?.client.disconnect())
  // A collector that is slow must not keep the login's token from being revoked, which comes before.
  const tracing = await openTracing(config, log)
  parts.defer(() => tracing?.shutdown())

  const metrics = createMetrics()
  const breaker = new VaultBreaker(log)
  const clock = new VaultClock(log)
  const session = parts.adopt(
    new VaultSession(sessionClient, createLogin(sessionClient, config, log), log, {
      login: (result) => metrics.vaultLogins.inc({ result }),
    }),
    (it) => it.stop(),
  )
  const opened = await openIssuance(config, log, output.writer)
  const issuance = opened?.issuance
  parts.defer(() => issuance?.stop())

  const health = parts.adopt(new VaultHealth(sessionClient, breaker, clock), (it) => it.stop())
  const mounts = { kv: config.PADLOCK_KV_MOUNT, transit: config.PADLOCK_TRANSIT_MOUNT }
  const loggedIn = authenticated(client, (call) => session.use(call))
  const subjectKey = new SubjectKeyReader(new SubjectKeyStore(loggedIn, mounts.kv), log, (key) => {
    if (issuance !== undefined) {
      issuance.log.subjectKey = key
    }
  })
  parts.defer(() => subjectKey.stop())
  const profiles = parts.adopt(
    new ProfileRegistry({
      ...{ client, session, mounts, log },
      probe: signingProbe(client, session, mounts.transit),
      refreshSeconds: config.PADLOCK_PROFILE_REFRESH_SECONDS,
    }),
    (it) => it.stop(),
  )
  const signer = new TransitSigner({
    ...{ client, session, breaker, mount: mounts.transit, observer: metrics.signing, tracing },
    onAsk: issuance && ((...call) => issuance.asked(...call)),
    limits: {
      inFlight: config.PADLOCK_SIGN_IN_FLIGHT,
      batchMax: config.PADLOCK_SIGN_BATCH_MAX,
      queueMax: config.PADLOCK_SIGN_QUEUE_MAX,
    },
  })
  const deps = {
    ...{ config, log, session, profiles, signer, callerKeys, health, clock, metrics },
    ...{ tracing, issuance, redis, tls },
  }
  const app = parts.adopt(await buildApp(deps), (it) => it.close())
  const admin = config.PADLOCK_ADMIN_PORT === undefined ? undefined : await buildAdminApp(deps, app)
  parts.defer(() => admin?.close())
  registerMetrics(metrics.registry, {
    ...{ log: output, session, clock, breaker, profiles, issuance, redis, tls },
    readiness: () => app.readiness(),
  })

  let stopped: Promise<void> | undefined
  async function stopOnce(): Promise<void> {
    const { PADLOCK_DRAIN_DELAY_MS: delayMs, PADLOCK_GRACE_PERIOD_MS: graceMs } = config
    const until = performance.now() + graceMs
    const drain = [app, admin].map((it) => it?.drain.stop(delayMs, (graceMs - delayMs) * drainShare))
    await Promise.all(drain)
    const down = parts.disposeAsync().then(() => true)
    if (await Promise.race([down, sleep((graceMs - delayMs) * leaveShare, false)])) {
      output.log.info('stopped')
    }
    await output.writer.close(Math.max(0, (until - performance.now()) * flushShare))
  }
  const stop = () => {
    stopped ??= stopOnce()
    return stopped
  }
  return {
    get isSettled() {
      return output.writer.isSettled && (issuance?.log.isSettled ?? true)
    },
    async start() {
      const listens =
        (admin === undefined || (await listen(admin, config, log, 'PADLOCK_ADMIN_PORT'))) &&
        (await listen(app, config, log))
      if (!listens) {
        // There is no caller to wait for, nor a login to give back.
        await output.writer.close(flushMs)
        return false
      }
      health.start()
      await Promise.all([session.start(), callerKeys.start()])
      if (issuance !== undefined) {
        await subjectKey.start()
      }
      if (!(await firstRefresh(profiles, log, () => stopped !== undefined))) {
        log.fatal('no profile can sign; see the errors above, and `padlock setup`')
        await stop()
        return false
      }
      profiles.start()
      return true
    },
    stop,
    hangUp: () => hangUp(log, opened?.rotate),
  }
}
