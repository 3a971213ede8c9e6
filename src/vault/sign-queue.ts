import { PadlockError } from '../errors.ts'
import type { Signature, SigningKey, SignOptions } from '../token/signer.ts'

/** How many signatures are asked for at once, and how many may wait. */
export interface SignLimits {
  /** calls in flight over all keys; a key that has none may always send one */
  inFlight: number
  /** signatures in one call */
  batchMax: number
  /** signatures that may wait for one version of a key */
  queueMax: number
}

/** What the queue tells whoever counts. */
export interface SignObserver {
  /** signatures that wait, and calls in flight, now */
  changed(waiting: number, inFlight: number): void
  /** a call leaves with so many signatures; the milliseconds that each of them has waited */
  sent(waitsMs: readonly number[]): void
}

/** A signature that somebody waits for. */
export interface SignItem {
  readonly digest: Buffer
  readonly options: SignOptions
  /** unlike any other of this process: the answer is found by it */
  readonly reference: string
  /** false once it is answered, its caller has gone away, or its deadline has passed */
  readonly wanted: boolean
}

/** What became of each item, by its reference. */
export type SignOutcomes = ReadonlyMap<string, Signature | PadlockError>

/** Asks for the signatures of one call. What it throws becomes the answer to every item. */
export type SendBatch = (key: SigningKey, items: readonly SignItem[]) => Promise<SignOutcomes>

interface Settle {
  resolve: (signature: Signature) => void
  reject: (error: unknown) => void
}

class Item implements SignItem {
  readonly digest: Buffer
  readonly options: SignOptions
  readonly reference: string
  readonly since = performance.now()
  #settle: Settle | undefined
  readonly #release: () => void

  constructor(digest: Buffer, options: SignOptions, reference: string, settle: Settle, leave: () => void) {
    this.digest = digest
    this.options = options
    this.reference = reference
    this.#settle = settle
    const giveUp = () => {
      leave()
      this.settle(new PadlockError('vault_timeout'))
    }
    const timer = setTimeout(giveUp, options.deadline - this.since)
    options.signal?.addEventListener('abort', giveUp)
    this.#release = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', giveUp)
    }
  }

  get wanted(): boolean {
    return this.#settle !== undefined && performance.now() < this.options.deadline
  }

  settle(outcome: Signature | PadlockError): void {
    const settle = this.#settle
    if (settle === undefined) return
    this.#settle = undefined
    this.#release()
    if (outcome instanceof Error) settle.reject(outcome)
    else settle.resolve(outcome)
  }
}

/** What waits for one version of a key. */
interface KeyQueue {
  id: string
  key: SigningKey
  /** oldest first */
  waiting: Set<Item>
  calls: number
}

/**
 * Gathers signatures into calls without ever waiting for more of them: while a slot is free, what has come in
 * during one turn of the event loop leaves at its end; what comes while all slots are taken leaves together
 * when one is free. A call is for one version of one key; the keys take turns.
 */
export class SignQueue {
  readonly #limits: SignLimits
  readonly #send: SendBatch
  readonly #observer: SignObserver | undefined
  /** by key and version; the next one to serve first */
  readonly #queues = new Map<string, KeyQueue>()
  #waiting = 0
  #calls = 0
  #references = 0
  #scheduled = false

  constructor(limits: SignLimits, send: SendBatch, observer?: SignObserver) {
    this.#limits = limits
    this.#send = send
    this.#observer = observer
  }

  /**
   * Puts a signature into the queue.
   *
   * @param digest SHA-256 of the JWS signing input, 32 bytes
   * @throws PadlockError `overloaded` when the key's queue is full, `vault_timeout` at the deadline or when the
   *   caller has gone away, or what became of the call
   */
  add(digest: Buffer, key: SigningKey, options: SignOptions): Promise<Signature> {
    return new Promise((resolve, reject) => {
      if (options.signal?.aborted || options.deadline <= performance.now()) {
        throw new PadlockError('vault_timeout')
      }
      const queue = this.#queueOf(key)
      if (queue.waiting.size >= this.#limits.queueMax) throw new PadlockError('overloaded')
      const reference = (++this.#references).toString(36)
      const leave = () => this.#remove(queue, item)
      const item = new Item(digest, options, reference, { resolve, reject }, leave)
      queue.waiting.add(item)
      this.#waiting += 1
      this.#observer?.changed(this.#waiting, this.#calls)
      this.#schedule()
    })
  }

  #queueOf(key: SigningKey): KeyQueue {
    const id = `${key.name}:${key.version}`
    let queue = this.#queues.get(id)
    if (queue === undefined) {
      queue = { id, key, waiting: new Set(), calls: 0 }
      this.#queues.set(id, queue)
    }
    return queue
  }

  #remove(queue: KeyQueue, item: Item): void {
    if (!queue.waiting.delete(item)) return
    this.#waiting -= 1
    this.#observer?.changed(this.#waiting, this.#calls)
  }

  /** Lets all that arrives in this turn of the event loop leave together. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    for (let queue = this.#next(); queue !== undefined; queue = this.#next()) {
      const items = this.#take(queue)
      if (items.length > 0) void this.#call(queue, items)
    }
  }

  /** The key whose turn it is; a key with no call in flight need not wait for a slot. */
  #next(): KeyQueue | undefined {
    const free = this.#calls < this.#limits.inFlight
    for (const queue of this.#queues.values()) {
      if (queue.waiting.size === 0) {
        if (queue.calls === 0) this.#queues.delete(queue.id)
      } else if (free || queue.calls === 0) return queue
    }
    return undefined
  }

  /** The oldest of a queue: its even share of the slots that are free. */
  #take(queue: KeyQueue): Item[] {
    const free = Math.max(1, this.#limits.inFlight - this.#calls)
    let others = 0
    for (const { waiting } of this.#queues.values()) if (waiting.size > 0) others += 1
    const slots = Math.max(1, Math.floor(free / others))
    const size = Math.min(Math.ceil(queue.waiting.size / slots), this.#limits.batchMax)
    const items: Item[] = []
    // To the end of the line.
    this.#queues.delete(queue.id)
    this.#queues.set(queue.id, queue)
    for (const item of queue.waiting) {
      if (items.length === size) break
      this.#remove(queue, item)
      if (item.wanted) items.push(item)
    }
    return items
  }

  async #call(queue: KeyQueue, items: readonly Item[]): Promise<void> {
    queue.calls += 1
    this.#calls += 1
    const now = performance.now()
    this.#observer?.sent(items.map(({ since }) => now - since))
    let outcomeOf: (item: Item) => Signature | PadlockError
    try {
      const outcomes = await this.#send(queue.key, items)
      outcomeOf = ({ reference, wanted }) =>
        outcomes.get(reference) ?? new PadlockError(wanted ? 'signature_invalid' : 'vault_timeout')
    } catch (error) {
      outcomeOf = () => error as PadlockError
    }
    queue.calls -= 1
    this.#calls -= 1
    // First the next call, so that Vault works while these tokens are finished.
    this.#dispatch()
    for (const item of items) item.settle(outcomeOf(item))
    this.#observer?.changed(this.#waiting, this.#calls)
  }
}
