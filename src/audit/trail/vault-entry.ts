/** Who made a request, as Vault's audit log names them. */
export interface AuditIdentity {
  displayName: string
  /** name of the AppRole role that was logged in to */
  role: string | undefined
  entityId: string | undefined
  address: string | undefined
}

/** One entry of Vault's audit log (Vault docs, "Audit devices"), as far as it is needed here. */
export interface AuditEntry {
  type: 'request' | 'response'
  /** milliseconds since the epoch */
  time: number
  /** the same in the request's entry, the response's, and in the log of every device */
  requestId: string
  operation: string
  path: string
  /** path of the namespace (Enterprise), without slashes at its ends; empty for the root's */
  namespace: string
  /** X-Correlation-Id, where Vault was told to log it as it is */
  correlationId: string | undefined
  failed: boolean
  by: AuditIdentity
  /** parameters, strings as HMACs unless the device or the mount leaves them in clear */
  data: Record<string, unknown>
  responseData: Record<string, unknown>
  /** policies of the token that the answer gives out */
  givenPolicies: readonly string[]
}

/** A signature that was asked for. */
export interface SigningItem {
  /** HMAC, or standard base64 where it stands in clear */
  input: string
  /** the version that signed; 0 where none did, or where there is no answer yet */
  keyVersion: number
}

type Fields = Record<string, unknown>
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
export const hmacPrefix = 'hmac-sha256:'
/** The display name of a request that no token was given with. */
export const nobody = 'nobody'

function correlationIdOf(headers: Fields): string | undefined {
  // Vault writes the names in lower case; who knows of every version.
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'x-correlation-id')
  const value = name === undefined ? undefined : (headers[name] as unknown[] | undefined)?.[0]
  const id = textOf(value)
  return id?.startsWith(hmacPrefix) ? undefined : id
}

/** Reads a parsed line; undefined when it is no entry of an audit log. */
export function auditEntry(line: unknown): AuditEntry | undefined {
  const {
    type,
    time,
    request: requestField,
    response: responseField,
    auth: authField,
    error,
  } = fieldsOf(line)
  const request = fieldsOf(requestField)
  const [requestId, path] = [textOf(request.id), textOf(request.path)]
  const ms = Date.parse(String(time))
  if ((type !== 'request' && type !== 'response') || requestId === undefined || path === undefined)
    return undefined
  if (Number.isNaN(ms)) return undefined
  const [auth, response] = [fieldsOf(authField), fieldsOf(responseField)]
  const policies = fieldsOf(response.auth).policies
  return {
    ...{ type, time: ms, requestId, path },
    operation: String(request.operation),
    namespace: String(fieldsOf(request.namespace).path ?? '').replace(/^\/|\/$/g, ''),
    correlationId: correlationIdOf(fieldsOf(request.headers)),
    failed: textOf(error) !== undefined,
    by: {
      displayName: textOf(auth.display_name) ?? nobody,
      role: textOf(fieldsOf(auth.metadata).role_name),
      entityId: textOf(auth.entity_id),
      address: textOf(request.remote_address),
    },
    data: fieldsOf(request.data),
    responseData: fieldsOf(response.data),
    givenPolicies: Array.isArray(policies) ? policies.filter((policy) => typeof policy === 'string') : [],
  }
}

/** Where a request asks for signatures: the mount, the key and what follows it. */
const signingPath = /^(.+)\/sign\/([^/]+)(?:\/([^/]+))?$/

/** What a request to `<mount>/sign/<key>` asks for. */
export interface SigningRequest {
  key: string
  /** false where it cannot be an RS256 signature over a SHA-256: another hash, or bytes that are hashed first */
  isRs256: boolean
  items: SigningItem[]
}

/**
 * Reads what a request asked the transit engine to sign, and what came of each item.
 *
 * @returns undefined for any other request
 */
export function signingRequest(
  { path, data, responseData, failed }: AuditEntry,
  mount: string,
): SigningRequest | undefined {
  const match = signingPath.exec(path)
  if (match === null || match[1] !== mount) return undefined
  const [, , key = '', algorithm = 'sha2-256'] = match
  const isRs256 = algorithm === 'sha2-256' && data.prehashed === true
  const versionOf = (result: unknown) => {
    const version = fieldsOf(result).key_version
    return !failed && typeof version === 'number' ? version : 0
  }
  if (!Array.isArray(data.batch_input)) {
    return { key, isRs256, items: [{ input: String(data.input), keyVersion: versionOf(responseData) }] }
  }
  const results = Array.isArray(responseData.batch_results) ? responseData.batch_results : []
  const items = data.batch_input.map((item, i) => ({
    input: String(fieldsOf(item).input),
    keyVersion: versionOf(results[i]),
  }))
  return { key, isRs256, items }
}

/** An identity in a few words. */
export function identityText({ displayName, role }: AuditIdentity): string {
  return role === undefined ? displayName : `${displayName} (role ${role})`
}
