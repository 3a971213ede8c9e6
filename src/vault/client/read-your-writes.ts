/**
 * Reads what one's own calls have written, on a cluster whose standby nodes answer reads (OpenBao; performance standbys
 * of Vault Enterprise, "Eventual consistency"): the newest state that the server gave goes with every later call, and a
 * node that is behind it hands the call on to the active one. A server that gives no state is sent none: Vault
 * Community answers 400 to `X-Vault-Inconsistent`.
 */
export class ReadYourWrites {
  #index: string | undefined

  /** The headers of the next call; none before the server has given a state. */
  headers(): Record<string, string> {
    if (this.#index === undefined) {
      return {}
    }
    return { 'X-Vault-Index': this.#index, 'X-Vault-Inconsistent': 'forward-active-node' }
  }

  /**
   * Keeps the state that came with an answer, if it is newer than the one that is kept.
   *
   * @param index the answer's X-Vault-Index header
   * @param read true where the call wrote nothing: a node may have answered that is behind
   */
  learn(index: unknown, read: boolean): void {
    if (typeof index !== 'string' || index.length > 1_024) {
      return
    }
    if (this.#index === undefined || isNewer(positionOf(index), positionOf(this.#index), !read)) {
      this.#index = index
    }
  }
}

interface Position {
  cluster: string
  counts: number[]
}

/** What a state says: base64 of `{"cluster", "value"}` (OpenBao) or of `v1:<cluster>:<local>:<replicated>:<hmac>` (Vault). */
function positionOf(index: string): Position | undefined {
  const text = Buffer.from(index, 'base64').toString()
  const [form, cluster = '', local, replicated] = text.split(':')
  if (form === 'v1') {
    return { cluster, counts: [Number(local), Number(replicated)] }
  }
  try {
    const state = JSON.parse(text) as { cluster?: unknown; value?: unknown }
    return { cluster: String(state.cluster), counts: [Number(state.value)] }
  } catch {
    return undefined
  }
}

function isNewer(next: Position | undefined, kept: Position | undefined, unknown: boolean): boolean {
  if (next === undefined || kept === undefined || next.cluster !== kept.cluster) {
    return unknown
  }
  const steps = next.counts.map((count, i) => count - (kept.counts[i] ?? 0))
  return steps.every((step) => step >= 0) && steps.some((step) => step > 0)
}

/** KV of version 2, new on a node: the active one prepares it, and a standby waits until it has heard of the end. */
const kvUpgrade = /upgrad(e|ing) from non-versioned to versioned/i

/**
 * Whether a node refused a call because it is behind, and did nothing of it: behind the state that came with the call
 * (412 of Vault, 429 without a word of OpenBao), or without a KV store that is ready on another node (400).
 */
export function isBehind(status: number, body: unknown): boolean {
  const errors = (body as { errors?: unknown } | undefined)?.errors
  if (!Array.isArray(errors)) {
    return status === 412
  }
  if (status === 400) {
    return errors.some((error) => typeof error === 'string' && kvUpgrade.test(error))
  }
  return status === 412 || (status === 429 && errors.length === 0)
}
