import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

const auditId = () => Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
/** RFC 3339 in UTC, as Date writes it */
const time = () => Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' })
const count = () => Type.Integer({ minimum: 1 })

/** Before Vault is asked: what one call asks it to sign. A call that is made once more has one line. */
const AskedSchema = Type.Object({
  event: Type.Literal('asked'),
  time: time(),
  /** transit key, and its version */
  key: Type.String(),
  keyVersion: count(),
  correlationId: Type.String(),
  auditIds: Type.Array(auditId(), { minItems: 1 }),
  /** the process: host name and a random part */
  instance: Type.String(),
})

/** A token that was made. */
const IssuedSchema = Type.Object({
  event: Type.Literal('issued'),
  time: time(),
  profile: Type.String(),
  /** the caller, by its JWT */
  sub: Type.String(),
  auditId: auditId(),
  key: Type.String(),
  keyVersion: count(),
  correlationId: Type.String(),
  /** as `reqId` in Padlock's log: unlike any other */
  requestId: Type.String(),
  /** HMAC-SHA-256 of the profile and the userId, base64url, and the version of its key in KV */
  subject: Type.Optional(Type.String()),
  subjectKey: Type.Optional(count()),
  instance: Type.String(),
})

/** In place of lines that were lost while nothing could be written. */
const LostSchema = Type.Object({
  event: Type.Literal('lost'),
  time: time(),
  lines: count(),
  since: time(),
  until: time(),
  instance: Type.String(),
})

export type AskedRecord = Static<typeof AskedSchema>
export type IssuedRecord = Static<typeof IssuedSchema>
export type LostRecord = Static<typeof LostSchema>
/** One line of the issuance log. */
export type IssuanceRecord = AskedRecord | IssuedRecord | LostRecord

const checks = {
  asked: Compile(AskedSchema),
  issued: Compile(IssuedSchema),
  lost: Compile(LostSchema),
}

/** Whether there is such a time: a record of the 32nd of a month would be passed over as outside every interval. */
const isTime = (text: string) => {
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text
}

/** Whether a parsed line is one of the issuance log's, whole and of a known kind. */
export function isIssuanceRecord(value: unknown): value is IssuanceRecord {
  const event = (value as { event?: unknown } | null)?.event
  if (typeof event !== 'string' || !Object.hasOwn(checks, event)) {
    return false
  }
  if (!checks[event as keyof typeof checks].Check(value)) {
    return false
  }
  const record = value as IssuanceRecord
  return isTime(record.time) && (record.event !== 'lost' || (isTime(record.since) && isTime(record.until)))
}
