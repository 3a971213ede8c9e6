/** Who made a request, as Vault's audit log names them. */
export interface AuditIdentity {
  displayName: string
  /** name of the AppRole role that was logged in to */
  role: string | undefined
  entityId: string | undefined
  address: string | undefined
}

/** A token as the audit log describes it: of a request, or given out by an answer. */
export interface AuditToken extends AuditIdentity {
  /** HMAC under the salt of the device that logged it; undefined for a batch token */
  accessor: string | undefined
  /** RFC 3339; in the log of every device the same */
  issued: string | undefined
  /** the token's own, those of its entity and groups, and those of other namespaces */
  policies: readonly string[]
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
  /** path of the mount, with the slash at its end; undefined in the log of an old Vault */
  mountPoint: string | undefined
  /** path of the namespace (Enterprise), without slashes at its ends; empty for the root's */
  namespace: string
  /** X-Correlation-Id, where Vault was configured to log it as it is */
  correlationId: string | undefined
  failed: boolean
  by: AuditIdentity
  /** parameters, strings as HMACs unless the device or the mount leaves them in clear */
  data: Record<string, unknown>
  responseData: Record<string, unknown>
  /** the token of the request; of a login's answer, the token that it gave */
  token: AuditToken
  /** the token that the answer gives out, where its policies are in the log */
  given: AuditToken | undefined
  /** accessor (HMAC) of a token that the answer gives out wrapped: its policies are not in the answer's entry */
  wrappedAccessor: string | undefined
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

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []

function tokenOf(auth: Fields, address: string | undefined): AuditToken {
  const { role_name, role, cert_name, username } = fieldsOf(auth.metadata)
  return {
    displayName: textOf(auth.display_name) ?? nobody,
    role: textOf(role_name) ?? textOf(role) ?? textOf(cert_name) ?? textOf(username),
    entityId: textOf(auth.entity_id),
    address,
    accessor: textOf(auth.accessor),
    issued: textOf(auth.token_issue_time),
    policies: [
      ...textsOf(auth.policies),
      ...textsOf(auth.token_policies),
      ...textsOf(auth.identity_policies),
      ...Object.values(fieldsOf(auth.external_namespace_policies)).flatMap(textsOf),
    ],
  }
}

/** Vault answers many refusals with nothing but `error` in the data, and no error of the entry's own. */
const isRefusal = (data: Fields) => data.error !== undefined && Object.keys(data).length === 1

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
  const path = textOf(request.path)
  // Vault gives no id to a request for help.
  const requestId = textOf(request.id) ?? `${request.operation} ${path} at ${time}`
  const ms = Date.parse(String(time))
  if ((type !== 'request' && type !== 'response') || path === undefined) {
    return undefined
  }
  if (Number.isNaN(ms)) {
    return undefined
  }
  const [auth, response] = [fieldsOf(authField), fieldsOf(responseField)]
  const responseData = fieldsOf(response.data)
  const address = textOf(request.remote_address)
  const token = tokenOf(auth, address)
  return {
    ...{ type, time: ms, requestId, path },
    mountPoint: textOf(request.mount_point),
    operation: String(request.operation),
    namespace: String(fieldsOf(request.namespace).path ?? '').replace(/^\/|\/$/g, ''),
    correlationId: correlationIdOf(fieldsOf(request.headers)),
    failed: textOf(error) !== undefined || isRefusal(responseData),
    by: (({ displayName, role, entityId }) => ({ displayName, role, entityId, address }))(token),
    data: fieldsOf(request.data),
    responseData,
    token,
    given: response.auth === undefined ? undefined : tokenOf(fieldsOf(response.auth), address),
    wrappedAccessor: textOf(fieldsOf(response.wrap_info).wrapped_accessor),
  }
}

/**
 * Whether a request may have said `prehashed`. Vault takes texts for it too, as its own command line sends them, and
 * logs them as HMACs: what cannot be read counts as yes, or a forger's signature would pass for something else.
 */
const mayBePrehashed = (value: unknown) =>
  typeof value === 'string' ? !/^(0|f|false)?$/i.test(value) : Boolean(value)

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
  if (match === null || match[1] !== mount) {
    return undefined
  }
  const [, , key = '', algorithm = 'sha2-256'] = match
  const isRs256 = algorithm === 'sha2-256' && mayBePrehashed(data.prehashed)
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
