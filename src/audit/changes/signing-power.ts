import { type AuditEntry, type AuditToken, identityText } from '../trail/vault-entry.ts'
import { loginMount } from './change-rules.ts'

/** How the service gets its token: an auth mount, and the role (or certificate, or user) on it. */
export interface ServiceLogin {
  mount: string
  role: string
}

/** Who may hold the power to sign. */
export interface AllowedSigners {
  /** policies that let sign */
  policies: readonly string[]
  logins: readonly ServiceLogin[]
}

/** A token that can sign, and is not the service's; and how often it was used. */
export interface StrangersToken {
  entry: AuditEntry
  token: AuditToken
  times: number
}

/** Tokens that are reported one by one; more are reported as others. */
const mostTokens = 10_000

/**
 * Vault makes the display name of a login of its mount's path, and of the user's name where there is one; outside the
 * root namespace the path is the whole one: `team-auth-approle`.
 */
function isLoginOf({ displayName, role }: AuditToken, login: ServiceLogin, namespace: string): boolean {
  // A token made by hand has no role; it is known by the display name that it was given.
  if (login.mount === 'token') {
    return displayName === `token-${login.role}`
  }
  const path = namespace === '' ? login.mount : `${namespace}/auth/${login.mount}`
  const name = path.replaceAll('/', '-')
  return role === login.role && (displayName === name || displayName.startsWith(`${name}-`))
}

/** Finds tokens that can sign and are not the service's, by the policies that Vault's log has in clear. */
export class SigningPower {
  readonly #policies: ReadonlySet<string>
  readonly #logins: readonly ServiceLogin[]
  readonly #namespace: string
  readonly #strangers = new Map<string, StrangersToken>()

  /** @param namespace in which the service logs in; empty for the root's */
  constructor({ policies, logins }: AllowedSigners, namespace: string) {
    this.#policies = new Set(policies)
    this.#namespace = namespace
    this.#logins = logins
  }

  /** The token that an answer gives to somebody else than the service: one that can sign, or a root token. */
  given(entry: AuditEntry): AuditToken | undefined {
    const mount = loginMount(entry)
    // A wrapped login has no token in its response, and the one that it gave as its own.
    const given = entry.given ?? (mount !== undefined && entry.type === 'response' ? entry.token : undefined)
    if (given === undefined) {
      return undefined
    }
    if (!this.#canSign(given) && !given.policies.includes('root')) {
      return undefined
    }
    const isService =
      mount === undefined
        ? this.#isService(given)
        : this.#logins.some((login) => login.mount === mount && login.role === given.role)
    return isService ? undefined : given
  }

  /** Takes note of a token that was used. */
  look(entry: AuditEntry): void {
    const { token } = entry
    // The token of a login's answer is the one that it gave, which nobody has used yet.
    if (!this.#canSign(token) || this.#isService(token) || loginMount(entry) !== undefined) {
      return
    }
    // Not by its accessor, whose HMAC differs in the log of each device.
    const own = [identityText(token), token.entityId, token.issued].join(' ')
    const key = this.#strangers.has(own) || this.#strangers.size < mostTokens ? own : 'others'
    const before = this.#strangers.get(key)
    if (before === undefined) {
      this.#strangers.set(key, { entry, token, times: 1 })
    } else {
      if (entry.type === 'request') {
        before.times += 1
      }
      if (entry.time < before.entry.time) {
        before.entry = entry
      }
    }
  }

  strangers(): StrangersToken[] {
    return [...this.#strangers.values()]
  }

  #isService(token: AuditToken): boolean {
    return this.#logins.some((login) => isLoginOf(token, login, this.#namespace))
  }

  #canSign({ policies }: AuditToken): boolean {
    return policies.some((policy) => this.#policies.has(policy))
  }
}
