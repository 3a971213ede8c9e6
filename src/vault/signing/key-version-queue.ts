import { PadlockError } from '../../errors.ts'
import type { SigningKey } from '../../token/signer.ts'
import type { PendingSignature } from './pending-signature.ts'
import { RetryAfter } from './retry-after.ts'
import { type AnsweredCall, SignPace } from './sign-pace.ts'

/**
 * What waits must be expected within this share of the time that it has left: how fast Vault will be is a guess, and
 * a signature that comes after its deadline is work for nobody.
 */
const expectedShare = 0.8

/** One version of a key: each has a queue of its own. */
export const idOf = ({ name, version }: SigningKey): string => `${name}:${version}`

/** What waits for one version of a key, what is in flight for it, and who of them will be too late. */
export class KeyQueue {
  readonly id: string
  readonly key: SigningKey
  /** oldest first */
  readonly waiting = new Set<PendingSignature>()
  /** in flight: calls, and the signatures in them */
  calls = 0
  signing = 0
  readonly #pace: SignPace
  readonly #retryAfter = new RetryAfter()

  /** @param batchMax signatures of a full call */
  constructor(key: SigningKey, batchMax: number) {
    this.id = idOf(key)
    this.key = key
    this.#pace = new SignPace(batchMax)
  }

  /** `overloaded`, for one more caller, with the time after which to come back. */
  overloaded(): PadlockError {
    return this.#retryAfter.refuse(this.#pace.perSecond)
  }

  /** Takes a call into account that was answered. */
  answered(call: AnsweredCall): void {
    this.#pace.answered(call)
    this.#retryAfter.signed(call.items)
  }

  /** Milliseconds until a signature at this place of those that wait will be there. */
  expectedMs(place: number): number {
    return this.#pace.expectedMs(place, this.calls)
  }

  /** Who will be too late: Vault may have become slower since they came. */
  late(): PendingSignature[] {
    const now = performance.now()
    const late: PendingSignature[] = []
    let place = 1
    for (const item of this.waiting) {
      const leftMs = item.options.deadline - now
      if (this.expectedMs(place) > leftMs * expectedShare) {
        late.push(item)
      } else {
        place += 1
      }
    }
    return late
  }

  /** Who still waited while Vault answered others was one too many; otherwise it is Vault that did not answer. */
  givenUp(item: PendingSignature, waited: boolean): PadlockError {
    return waited && this.#pace.answeredAt > item.since
      ? this.overloaded()
      : new PadlockError('vault_timeout')
  }
}

/**
 * How many of a queue leave in one call: so many that neither the slots that are free nor, with what is in flight, all
 * of its slots get uneven loads. A call much longer than the one beside it delays its callers and leaves a core of
 * Vault idle.
 *
 * @param queues of all keys
 * @param calls in flight over all keys
 */
export function batchSize(
  queue: KeyQueue,
  queues: Iterable<KeyQueue>,
  calls: number,
  { inFlight, batchMax }: { inFlight: number; batchMax: number },
): number {
  let [waiting, active] = [0, 0]
  for (const other of queues) {
    if (other.waiting.size > 0) {
      waiting += 1
    }
    if (other.waiting.size > 0 || other.calls > 0) {
      active += 1
    }
  }
  const share = (slots: number, keys: number) => Math.max(1, Math.floor(slots / keys))
  return Math.min(
    batchMax,
    Math.ceil(queue.waiting.size / share(inFlight - calls, waiting)),
    Math.ceil((queue.waiting.size + queue.signing) / share(inFlight, active)),
  )
}
