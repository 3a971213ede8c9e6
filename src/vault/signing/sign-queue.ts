import { PadlockError } from '../../errors.ts'
import type { Signature, SigningKey } from '../../token/signer.ts'
import { batchSize, idOf, KeyQueue } from './key-version-queue.ts'
import type { ObservedSignOptions, SignObserver } from './observation.ts'
import { PendingSignature } from './pending-signature.ts'
import type { SignOutcomes } from './sign-call.ts'

/** How many signatures are asked for at once, and how many may wait. */
export interface SignLimits {
  /** calls in flight over all keys; a key that has none may always send one */
  inFlight: number
  /** signatures in one call */
  batchMax: number
  /** signatures that may wait for one version of a key */
  queueMax: number
}

type QueueObserver = Pick<SignObserver, 'changed' | 'sent'>

/** Asks for the signatures of one call; what it throws is every item's outcome. */
export type SendBatch = (key: SigningKey, items: readonly PendingSignature[]) => Promise<SignOutcomes>

/**
 * Gathers signatures into calls without ever waiting for more of them: while a slot is free, what has come in
 * during one turn of the event loop leaves at its end; what comes while all slots are taken leaves together,
 * in even shares, as slots become free. A call is for one version of one key; the keys take turns.
 */
export class SignQueue {
  readonly #limits: SignLimits
  readonly #send: SendBatch
  readonly #observer: QueueObserver | undefined
  /** by key and version; the next one to serve first */
  readonly #queues = new Map<string, KeyQueue>()
  #waiting = 0
  #calls = 0
  #references = 0
  #scheduled = false

  constructor(limits: SignLimits, send: SendBatch, observer?: QueueObserver) {
    this.#limits = limits
    this.#send = send
    this.#observer = observer
  }

  /**
   * `overloaded` where a signature asked for now cannot be there in time: when the key's queue is full, or those before
   * it take too long. Its caller counts as one who will come back.
   *
   * @param deadline milliseconds of performance.now()
   */
  refusal(key: SigningKey, deadline: number): PadlockError | undefined {
    const queue = this.#queues.get(idOf(key))
    return queue !== undefined && this.#isTooMuch(queue, deadline) ? queue.overloaded() : undefined
  }

  /** As `refusal`, for a caller who is refused for another reason than the queue. */
  overloaded(key: SigningKey): PadlockError {
    return this.#queueOf(key).overloaded()
  }

  /**
   * Puts a signature into the queue.
   *
   * @param digest SHA-256 of the JWS signing input, 32 bytes
   * @throws PadlockError as `refusal` says, `vault_timeout` at the deadline or when the
   *   caller has gone away, `overloaded` when Vault answers but not all who wait, or what became of the call
   */
  add(digest: Buffer, key: SigningKey, options: ObservedSignOptions): Promise<Signature> {
    return new Promise((resolve, reject) => {
      if (options.signal?.aborted || options.deadline <= performance.now()) {
        throw new PadlockError('vault_timeout')
      }
      const refusal = this.refusal(key, options.deadline)
      if (refusal !== undefined) {
        throw refusal
      }
      const queue = this.#queueOf(key)
      const reference = (++this.#references).toString(36)
      const leave = () => queue.givenUp(item, this.#remove(queue, item))
      const item = new PendingSignature(digest, options, reference, { resolve, reject }, leave)
      queue.waiting.add(item)
      this.#waiting += 1
      this.#observer?.changed(this.#waiting, this.#calls)
      this.#schedule()
    })
  }

  #isTooMuch(queue: KeyQueue, deadline: number): boolean {
    const waiting = queue.waiting.size
    const leavesAtOnce = queue.calls === 0 || this.#calls < this.#limits.inFlight
    const isLate = () => performance.now() + queue.expectedMs(waiting + 1) > deadline
    return waiting >= this.#limits.queueMax || (!leavesAtOnce && isLate())
  }

  #queueOf(key: SigningKey): KeyQueue {
    const id = idOf(key)
    let queue = this.#queues.get(id)
    if (queue === undefined) {
      queue = new KeyQueue(key, this.#limits.batchMax)
      this.#queues.set(id, queue)
    }
    return queue
  }

  /** @returns whether it waited */
  #remove(queue: KeyQueue, item: PendingSignature): boolean {
    if (!queue.waiting.delete(item)) {
      return false
    }
    this.#waiting -= 1
    this.#observer?.changed(this.#waiting, this.#calls)
    return true
  }

  /** Lets all that arrives in this turn of the event loop leave together. */
  #schedule(): void {
    if (this.#scheduled) {
      return
    }
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#dispatch()
    })
  }

  /** @param answered the key of which a call has just been answered: its next one follows without a rest */
  #dispatch(answered?: KeyQueue): void {
    for (let queue = this.#next(); queue !== undefined; queue = this.#next()) {
      const items = this.#take(queue)
      if (items.length > 0) {
        void this.#call(queue, items, queue.calls === 0 && queue !== answered)
      }
    }
  }

  /** The key whose turn it is; a key with no call in flight need not wait for a slot. */
  #next(): KeyQueue | undefined {
    const free = this.#calls < this.#limits.inFlight
    for (const queue of this.#queues.values()) {
      if (queue.waiting.size === 0) {
        if (queue.calls === 0) {
          this.#queues.delete(queue.id)
        }
      } else if (free || queue.calls === 0) {
        return queue
      }
    }
    return undefined
  }

  #take(queue: KeyQueue): PendingSignature[] {
    const size = batchSize(queue, this.#queues.values(), this.#calls, this.#limits)
    const items: PendingSignature[] = []
    // To the end of the line.
    this.#queues.delete(queue.id)
    this.#queues.set(queue.id, queue)
    for (const item of queue.waiting) {
      if (items.length === size) {
        break
      }
      this.#remove(queue, item)
      if (item.wanted) {
        items.push(item)
      }
    }
    return items
  }

  async #call(queue: KeyQueue, items: readonly PendingSignature[], afterRest: boolean): Promise<void> {
    queue.calls += 1
    queue.signing += items.length
    this.#calls += 1
    const sentAt = performance.now()
    this.#observer?.sent(items.map(({ since }) => sentAt - since))
    let outcomeOf: (item: PendingSignature) => Signature | PadlockError
    try {
      const outcomes = await this.#send(queue.key, items)
      const answeredAt = performance.now()
      queue.answered({ items: items.length, sentAt, answeredAt, calls: queue.calls, afterRest })
      for (const item of queue.late()) {
        this.#remove(queue, item)
        item.settle(queue.overloaded())
      }
      outcomeOf = ({ reference, wanted }) =>
        outcomes.get(reference) ?? new PadlockError(wanted ? 'signature_invalid' : 'vault_timeout')
    } catch (error) {
      outcomeOf = () => error as PadlockError
    }
    queue.calls -= 1
    queue.signing -= items.length
    this.#calls -= 1
    // First the next call, so that Vault works while these tokens are finished.
    this.#dispatch(queue)
    for (const item of items) {
      item.settle(outcomeOf(item))
    }
    this.#observer?.changed(this.#waiting, this.#calls)
  }
}
