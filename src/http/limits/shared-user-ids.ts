import { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Profile } from '../../token/profile.ts'
import {
  type SharedUserId,
  SharedUserIdWatch,
  sharedUserIdSettings,
} from '../../token/shared-user-id/shared-user-id.ts'

const advanceEveryMs = 10_000
const toShare = ({ count, total }: SharedUserId): number => Math.round((count / total) * 1_000) / 1_000

/** Watches the userIds of every profile; says in the log and in the metrics when one is shared, and refuses it. */
export class SharedUserIds {
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #watches = new Map<string, SharedUserIdWatch>()
  readonly #timer: NodeJS.Timeout

  constructor(log: Log, metrics: Metrics) {
    this.#log = log
    this.#metrics = metrics
    this.#timer = setInterval(() => this.#advance(), advanceEveryMs)
    this.#timer.unref()
  }

  /**
   * Counts a request for a token.
   *
   * @param log the request's own: its `reqId` leads to the caller, which knows whom it asked for
   * @throws PadlockError `user_id_shared` when the id is over and the profile refuses such ids
   */
  guard(profile: Profile, userId: string, log: Log): void {
    let watch = this.#watches.get(profile.name)
    if (watch === undefined) {
      watch = new SharedUserIdWatch()
      this.#watches.set(profile.name, watch)
    }
    const settings = sharedUserIdSettings(profile.sharedUserId)
    const found = watch.observe(userId, settings, performance.now())
    if (found === undefined) {
      return
    }
    const { alarm, due } = found
    if (due) {
      this.#metrics.sharedUserIdAlarms.set({ profile: profile.name }, watch.alarms)
      const { userIdHash, count, total } = alarm
      const consequence = settings.refuse ? 'it gets no token while this lasts' : 'tokens are still issued'
      log.warn(
        { profile: profile.name, userIdHash, count, total, share: toShare(alarm), refused: settings.refuse },
        `one userId is in too many of the recent requests; ${consequence}; see docs/shared-user-id.md`,
      )
    }
    if (settings.refuse) {
      throw new PadlockError('user_id_shared')
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #advance(): void {
    const now = performance.now()
    for (const [profile, watch] of this.#watches) {
      for (const { userIdHash, since } of watch.advance(now)) {
        const seconds = Math.round((now - since) / 1_000)
        this.#log.info({ profile, userIdHash, seconds }, 'the alarm of a shared userId is over')
      }
      this.#metrics.sharedUserIdAlarms.set({ profile }, watch.alarms)
      this.#metrics.sharedUserIdShare.set({ profile }, watch.highestShare())
      if (watch.empty) {
        this.#forget(profile)
      }
    }
  }

  // A profile that was deleted leaves nothing behind.
  #forget(profile: string): void {
    this.#watches.delete(profile)
    this.#metrics.sharedUserIdAlarms.remove({ profile })
    this.#metrics.sharedUserIdShare.remove({ profile })
  }
}
