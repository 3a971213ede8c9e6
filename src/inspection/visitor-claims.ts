import { checkUserId, userIdRules } from '../token/user-id.ts'
import { userIdClaim, visitorDataClaim, visitorDataFaults, visitorDataFields } from '../token/visitor-data.ts'
import type { FaultCode, FaultList } from './faults.ts'

type Claims = Readonly<Record<string, unknown>>

const bare = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^www\./, '')
    .replace(/^iadvize\.com/, '')
    .replaceAll(/[^a-z]/g, '')

/** The name of a claim that was meant to be this one, as people write it. */
const misnamed = (claims: Claims, claim: string): string | undefined =>
  Object.keys(claims).find((name) => name !== claim && bare(name) === bare(claim))

/** How a wrong name differs from the right one. */
function difference(name: string, claim: string): string {
  if (name === `${claim}/`) {
    return 'has a slash at its end'
  }
  if (name === claim.replace('https:', 'http:')) {
    return 'begins with http in place of https'
  }
  if (!name.includes('iadvize.com')) {
    return 'has no prefix https://iadvize.com/'
  }
  return 'is written in another way'
}

function checkUserIdClaim(claims: Claims, findings: FaultList): void {
  const userId = claims[userIdClaim]
  const wrong = misnamed(claims, userIdClaim)
  if (userId === undefined) {
    if (wrong !== undefined) {
      findings.add('user_id_claim_name', `The name of the userId's claim ${difference(wrong, userIdClaim)}.`)
      return
    }
    const hint =
      'sub' in claims
        ? 'iAdvize does not read `sub`: the id goes into `https://iadvize.com/userId`.'
        : undefined
    findings.add('user_id_missing', 'There is no userId.', hint)
    return
  }
  if (typeof userId !== 'string') {
    const type = userId === null ? 'null' : Array.isArray(userId) ? 'an array' : `a ${typeof userId}`
    findings.add('user_id_wrong_type', `The userId is ${type}, not a text.`)
    return
  }
  for (const { code, detail } of checkUserId(userId, userIdRules({}))) {
    findings.add(code as FaultCode, detail)
  }
  if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(userId)) {
    findings.notes.push(
      'The userId looks like an e-mail address, which changes and is given to others: use an opaque id.',
    )
  }
}

function checkFields(visitorData: Claims, findings: FaultList): void {
  const known: readonly string[] = visitorDataFields
  for (const [name, value] of Object.entries(visitorData)) {
    if (bare(name) === 'extid') {
      continue
    }
    // A name that nobody knows may be anything, a visitor's data too: it is not repeated.
    if (!known.includes(name)) {
      findings.add('visitor_data_unknown_field', 'visitorData has a field that iAdvize does not know.')
    } else if (typeof value !== 'string') {
      findings.add('visitor_data_field_type', `visitorData's ${name} is no text.`)
    }
  }
  for (const { pointer, code } of visitorDataFaults(visitorData)) {
    const name = pointer.split('/').at(-1)
    if (code === 'too_long') {
      findings.add('visitor_data_too_long', `visitorData's ${name} is too long.`)
    } else {
      findings.add(
        'visitor_data_character',
        `visitorData's ${name} holds a control character or half a character.`,
      )
    }
  }
}

function checkVisitorData(claims: Claims, findings: FaultList): void {
  const visitorData = claims[visitorDataClaim]
  const wrong = misnamed(claims, visitorDataClaim)
  if (visitorData === undefined) {
    if (wrong === undefined) {
      return
    }
    findings.add(
      'visitor_data_claim_name',
      `The name of visitorData's claim ${difference(wrong, visitorDataClaim)}.`,
    )
    return
  }
  if (typeof visitorData === 'string' && visitorData.trimStart().startsWith('{')) {
    findings.add('visitor_data_json_text', 'visitorData is JSON in a text, not an object.')
    return
  }
  if (typeof visitorData !== 'object' || visitorData === null || Array.isArray(visitorData)) {
    findings.add('visitor_data_wrong_type', 'visitorData is no object.')
    return
  }
  checkFields(visitorData as Claims, findings)
}

/** Checks the claims that iAdvize reads: the userId by every rule that Padlock has for it, and visitorData. */
export function checkVisitorClaims(claims: Claims, findings: FaultList): void {
  checkUserIdClaim(claims, findings)
  checkVisitorData(claims, findings)
  const visitorData = claims[visitorDataClaim]
  const names = [claims, typeof visitorData === 'object' && visitorData !== null ? visitorData : {}].flatMap(
    Object.keys,
  )
  if (names.some((name) => bare(name) === 'extid')) {
    findings.add('ext_id', 'The token carries an "extId".')
  }
}
