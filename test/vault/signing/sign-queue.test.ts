import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { PadlockError } from '../../../src/errors.ts'
import type { Signature, SigningKey } from '../../../src/token/signer.ts'
import type { PendingSignature } from '../../../src/vault/signing/pending-signature.ts'
import type { SignOutcomes } from '../../../src/vault/signing/sign-call.ts'
import { type SignLimits, SignQueue } from '../../../src/vault/signing/sign-queue.ts'

const keyOf = (name: string, version = 1) => ({ name, version }) as SigningKey
const shop = keyOf('padlock-shop')

/** A call that the queue has sent; the test ends it. */
interface SentCall {
  key: SigningKey
  /** the digests as text */
  names: string[]
  items: readonly PendingSignature[]
  /** Signs each item with its own digest, but for those that are named here. */
  answer(others?: Record<string, PadlockError | undefined>): void
  fail(error: Error): void
}

/** A queue whose calls are in the test's hand. */
function queueOf(t: Pick<Test, 'teardown'>, limits: Partial<SignLimits> = {}) {
  const calls: SentCall[] = []
  const seen: unknown[] = []
  const queue = new SignQueue(
    { inFlight: 2, batchMax: 32, queueMax: 100, ...limits },
    (key, items) =>
      new Promise<SignOutcomes>((resolve, reject) => {
        const answer = (others: Record<string, PadlockError | undefined> = {}) => {
          const outcomes = new Map<string, Signature | PadlockError>()
          for (const { digest, reference } of items) {
            const outcome = `${digest}` in others ? others[`${digest}`] : { signature: digest, keyVersion: 1 }
            if (outcome !== undefined) {
              outcomes.set(reference, outcome)
            }
          }
          resolve(outcomes)
        }
        calls.push({ key, items, names: items.map(({ digest }) => `${digest}`), answer, fail: reject })
      }),
    {
      changed: (waiting, inFlight) => seen.push({ waiting, inFlight }),
      sent: (waitsMs) => seen.push({ sent: waitsMs.length }),
    },
  )
  const add = (name: string, key = shop, options: { inMs?: number; signal?: AbortSignal } = {}) => {
    const { inMs = 60_000, signal } = options
    const deadline = performance.now() + inMs
    return queue.add(Buffer.from(name), key, { deadline, ...(signal && { signal }) })
  }
  /** Answers every call, those too that the answers let leave. */
  async function answerAll() {
    for (let i = 0; calls[i] !== undefined; i++) {
      calls[i]?.answer()
      await setImmediate()
    }
  }
  t.teardown(answerAll)
  const addAll = (names: string[], key = shop) => names.map((name) => add(name, key))
  return { queue, calls, seen, add, addAll, answerAll }
}

const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const codeOf = (signature: Promise<Signature>) =>
  signature.then(
    ({ signature }) => `${signature}`,
    (error: PadlockError) => error.code,
  )

t.test(
  'a signature leaves at the end of the turn in which it came, with those of the same turn',
  async (t) => {
    const { calls, add, addAll } = queueOf(t, { inFlight: 1 })
    const first = add('a')
    await setImmediate()
    t.strictSame(
      calls.map(({ names }) => names),
      [['a']],
    )
    calls[0]?.answer()
    t.equal(`${(await first).signature}`, 'a')
    const both = addAll(['b', 'c'])
    await setImmediate()
    t.strictSame(calls[1]?.names, ['b', 'c'])
    calls[1]?.answer()
    t.strictSame(await Promise.all(both.map(codeOf)), ['b', 'c'])
  },
)

t.test(
  'what comes while all slots are taken leaves together, the oldest first, as one is free',
  async (t) => {
    const { calls, addAll } = queueOf(t, { inFlight: 1 })
    void addAll(['a'])
    await setImmediate()
    for (const name of ['b', 'c', 'd']) {
      void addAll([name])
      await setImmediate()
    }
    t.equal(calls.length, 1)
    calls[0]?.answer()
    await setImmediate()
    t.equal(calls.length, 2)
    t.strictSame(calls[1]?.names, ['b', 'c', 'd'])
  },
)

t.test('a call is no longer than an even share of all that waits and is in flight', async (t) => {
  const { calls, addAll } = queueOf(t, { inFlight: 2 })
  void addAll(names(2))
  await setImmediate()
  void addAll(names(7, 'w'))
  await setImmediate()
  calls[0]?.answer()
  await setImmediate()
  t.equal(calls.length, 3)
  // Beside the one in flight, 4 and not 7.
  t.strictSame(calls[2]?.names, names(4, 'w'))
  calls[1]?.answer()
  await setImmediate()
  t.strictSame(calls[3]?.names, ['w4', 'w5', 'w6'])
})

t.test('what waits is split evenly over the slots that are free', async (t) => {
  const { calls, addAll } = queueOf(t, { inFlight: 3 })
  void addAll(names(8))
  await setImmediate()
  t.strictSame(
    calls.map(({ names }) => names.length),
    [3, 3, 2],
  )
  t.strictSame(
    calls.flatMap(({ names }) => names),
    names(8),
  )
})

t.test('no call holds more than the largest batch', async (t) => {
  const { calls, addAll } = queueOf(t, { inFlight: 2, batchMax: 4 })
  void addAll(names(11))
  await setImmediate()
  t.strictSame(
    calls.map(({ names }) => names.length),
    [4, 4],
  )
  calls[0]?.answer()
  await setImmediate()
  t.equal(calls[2]?.names.length, 3)
})

t.test('a call is for one version of one key', async (t) => {
  const { calls, add } = queueOf(t, { inFlight: 1 })
  void add('a')
  await setImmediate()
  const newer = keyOf('padlock-shop', 2)
  const other = keyOf('padlock-other')
  for (const name of names(3)) {
    for (const key of [shop, newer, other]) {
      void add(name + key.name + key.version, key)
    }
  }
  await setImmediate()
  t.strictSame(
    calls.slice(1).map(({ key, names }) => [key.name, key.version, names.length]),
    [
      ['padlock-shop', 2, 3],
      ['padlock-other', 1, 3],
    ],
    'a key with no call in flight need not wait for another key',
  )
  for (const { key, names } of calls.slice(1)) {
    t.ok(names.every((name) => name.endsWith(key.name + key.version)))
  }
})

t.test('busy keys take turns', async (t) => {
  const { calls, addAll } = queueOf(t, { inFlight: 2, batchMax: 1 })
  const others = [keyOf('padlock-b'), keyOf('padlock-c')]
  void addAll(names(6), shop)
  await setImmediate()
  for (const key of others) {
    void addAll(names(2), key)
  }
  await setImmediate()
  for (let i = 0; i < 10; i++) {
    calls[i]?.answer()
    await setImmediate()
  }
  t.strictSame(
    calls.map(({ key }) => key.name.at(-1)),
    // Two of the first key fill the slots; the others need no slot for their first, and then all take turns.
    ['p', 'p', 'b', 'c', 'p', 'b', 'c', 'p', 'p', 'p'],
  )
})

t.test('a key whose calls hang holds nobody else up', async (t) => {
  const { calls, add, addAll } = queueOf(t, { inFlight: 2 })
  void addAll(names(8), shop)
  await setImmediate()
  t.equal(calls.length, 2)
  for (const name of names(3)) {
    const signature = add(name, keyOf('padlock-other'))
    await setImmediate()
    calls.at(-1)?.answer()
    t.equal(await codeOf(signature), name)
  }
})

t.test('a full queue refuses at once, for its key alone, until there is room', async (t) => {
  const { calls, add, addAll, answerAll } = queueOf(t, { inFlight: 1, batchMax: 2, queueMax: 3 })
  void add('a')
  await setImmediate()
  void addAll(names(3))
  t.equal(await codeOf(add('too many')), 'overloaded')
  void add('b', keyOf('padlock-other'))
  calls[0]?.answer()
  await setImmediate()
  const late = add('late')
  await answerAll()
  t.equal(await codeOf(late), 'late')
})

t.test('a signature that would come too late is refused at once, by how long calls take', async (t) => {
  const { queue, calls, add, addAll } = queueOf(t, { inFlight: 1, batchMax: 1 })
  const admits = (inMs: number, key = shop) => queue.refusal(key, performance.now() + inMs) === undefined
  void addAll(names(13))
  await setImmediate()
  t.ok(admits(50), 'nothing is known yet')
  calls[0]?.answer()
  await setImmediate()
  t.ok(admits(50), 'the first answer tells only how long all these took to arrive')
  await sleep(20)
  calls[1]?.answer()
  await setImmediate()
  t.ok(admits(50), 'one slow call may be a machine that stood still')
  await sleep(20)
  calls[2]?.answer()
  await setImmediate()
  // One in flight, nine before it: at the least 11 times 20 ms.
  t.notOk(admits(200))
  t.equal(await codeOf(add('late', shop, { inMs: 200 })), 'overloaded')
  t.ok(admits(60_000))
  t.notOk(admits(-1))
  t.ok(admits(1, keyOf('padlock-other')))
})

t.test(
  'the more are refused, the later they are told to come back; after a rest that is forgotten',
  async (t) => {
    const { queue, calls, add, addAll, answerAll } = queueOf(t, { inFlight: 1, batchMax: 1, queueMax: 3 })
    const refuse = (times: number) =>
      Array.from({ length: times }, () => queue.refusal(shop, 0)?.retryAfter as number)
    void add('first')
    await setImmediate()
    void addAll(names(3))
    t.strictSame(refuse(2), [1, 1], 'it is not known how fast Vault is')
    for (let i = 0; i < 3; i++) {
      await sleep(100)
      calls[i]?.answer()
      await setImmediate()
      void add('next')
    }
    // At most 10 a second, 5 of them for those who come back.
    const seconds = refuse(100)
    t.strictSame(
      seconds,
      seconds.toSorted((a, b) => a - b),
    )
    t.equal(seconds.at(-1), 15)
    t.equal(queue.overloaded(shop).retryAfter, 15, 'whatever refuses them')
    await answerAll()
    void add('alone')
    t.equal(queue.overloaded(shop).retryAfter, 1)
    await answerAll()
  },
)

t.test('whoever will be too late because Vault has become slower is told before the deadline', async (t) => {
  const { calls, seen, add, addAll } = queueOf(t, { inFlight: 1, batchMax: 1 })
  const first = addAll(names(3))
  await setImmediate()
  calls[0]?.answer()
  await setImmediate()
  calls[1]?.answer()
  await setImmediate()
  // A full call took hardly any time, so all of these are admitted.
  const patient = add('patient')
  const hurried = Array.from({ length: 20 }, (_, i) => codeOf(add(`hurried${i}`, shop, { inMs: 10_000 })))
  for (const call of [2, 3]) {
    await sleep(1_500)
    calls[call]?.answer()
    await setImmediate()
  }
  const outcomes = await Promise.race([
    Promise.all(hurried.slice(10)),
    sleep(4_000, undefined, { ref: false }),
  ])
  t.strictSame(outcomes, Array(10).fill('overloaded'))
  t.match(seen.at(-1), { inFlight: 1 })
  t.strictSame(calls[4]?.names, ['hurried0'], 'what can be in time goes on')
  await Promise.all([first[0], patient])
})

t.test('nobody is refused for one stall as a burst begins', async (t) => {
  const { queue, calls, add, answerAll } = queueOf(t, { batchMax: 1 })
  const burst = names(15).map((name) => codeOf(add(name, shop, { inMs: 10_000 })))
  await setImmediate()
  calls[0]?.answer()
  await setImmediate()
  await sleep(900)
  calls[1]?.answer()
  await setImmediate()
  // As if each call took so long, those who wait would be too late.
  t.equal(queue.refusal(shop, performance.now() + 5_000), undefined)
  await answerAll()
  t.strictSame(await Promise.all(burst), names(15))
})

t.test('whoever can leave at once is admitted, however slow the calls were', async (t) => {
  const { queue, calls, add, answerAll } = queueOf(t, { inFlight: 2 })
  void add('slow')
  await setImmediate()
  await sleep(50)
  void add('beside')
  calls[0]?.answer()
  await setImmediate()
  t.equal(queue.refusal(shop, performance.now() + 10), undefined)
  const signature = add('c', shop, { inMs: 60_000 })
  await answerAll()
  t.equal(await codeOf(signature), 'c')
})

t.test('a caller that has gone away leaves the queue, and the call in flight goes on', async (t) => {
  const { calls, seen, add } = queueOf(t, { inFlight: 1 })
  const gone = new AbortController()
  const inFlight = add('a', shop, { signal: gone.signal })
  const beside = add('b')
  await setImmediate()
  const waiting = add('c', shop, { signal: gone.signal })
  const behind = add('d')
  gone.abort()
  t.strictSame(await Promise.all([codeOf(inFlight), codeOf(waiting)]), ['vault_timeout', 'vault_timeout'])
  t.strictSame(seen.at(-1), { waiting: 1, inFlight: 1 })
  t.strictSame(
    calls[0]?.items.map(({ wanted }) => wanted),
    [false, true],
  )
  calls[0]?.answer()
  t.equal(await codeOf(beside), 'b')
  await setImmediate()
  t.strictSame(calls[1]?.names, ['d'])
  calls[1]?.answer()
  t.equal(await codeOf(behind), 'd')
  t.equal(await codeOf(add('e', shop, { signal: gone.signal })), 'vault_timeout')
  await setImmediate()
  t.equal(calls.length, 2)
})

t.test('each caller is answered at its own deadline, and is not signed after it', async (t) => {
  const { calls, add } = queueOf(t, { inFlight: 1 })
  const soon = add('soon', shop, { inMs: 20 })
  const later = add('later')
  await setImmediate()
  const waiting = add('waiting', shop, { inMs: 20 })
  t.equal(await codeOf(soon), 'vault_timeout')
  t.equal(await codeOf(waiting), 'vault_timeout')
  calls[0]?.answer()
  t.equal(await codeOf(later), 'later')
  await setImmediate()
  t.equal(calls.length, 1)
  t.equal(await codeOf(add('past', shop, { inMs: 0 })), 'vault_timeout')
})

t.test('who waits in vain while Vault answers others is told that it was too much', async (t) => {
  const { calls, add } = queueOf(t, { inFlight: 1, batchMax: 1 })
  const first = add('first')
  await setImmediate()
  const second = codeOf(add('in flight', shop, { inMs: 50 }))
  const third = codeOf(add('waiting', shop, { inMs: 50 }))
  await sleep(5)
  calls[0]?.answer()
  await first
  t.strictSame(calls.at(-1)?.names, ['in flight'])
  t.strictSame(await Promise.all([second, third]), ['vault_timeout', 'overloaded'])
})

t.test('an item fails alone; a call that fails, fails for its items alone', async (t) => {
  const { calls, seen, addAll } = queueOf(t, { inFlight: 2 })
  const signatures = addAll(['a', 'b', 'c', 'd', 'e', 'f'])
  await setImmediate()
  calls[0]?.answer({ a: new PadlockError('key_version_disabled'), c: undefined })
  calls[1]?.fail(new PadlockError('vault_sealed'))
  t.strictSame(await Promise.all(signatures.map(codeOf)), [
    'key_version_disabled',
    'b',
    'signature_invalid',
    'vault_sealed',
    'vault_sealed',
    'vault_sealed',
  ])
  t.strictSame(seen.at(-1), { waiting: 0, inFlight: 0 })
  const next = addAll(['g'])
  await setImmediate()
  calls[2]?.answer()
  t.equal(await codeOf(next[0] as Promise<Signature>), 'g')
})

t.test('no reference is ever given twice', async (t) => {
  const { calls, addAll, answerAll } = queueOf(t, { inFlight: 4, batchMax: 50, queueMax: 1_000 })
  void addAll(names(150))
  void addAll(names(150), keyOf('padlock-other'))
  await setImmediate()
  await answerAll()
  const references = calls.flatMap(({ items }) => items.map(({ reference }) => reference))
  t.equal(references.length, 300)
  t.equal(new Set(references).size, 300)
})
