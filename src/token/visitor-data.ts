import type { FieldError } from '../errors.ts'

// Without the schema of claims.ts, whose library takes longer to load than all that `token inspect` does.

/** The claim names of iAdvize: collision-resistant names (RFC 7519 §4.2), strings with slashes in them. */
export const userIdClaim = 'https://iadvize.com/userId'
export const visitorDataClaim = 'https://iadvize.com/visitorData'

/** The fields of visitorData that iAdvize knows. */
export const visitorDataFields = [
  'address',
  'city',
  'country',
  'email',
  'firstName',
  'lastName',
  'phoneNumber',
  'zipCode',
] as const
export type VisitorDataField = (typeof visitorDataFields)[number]

/** Longest visitorData field in UTF-16 code units. */
export const visitorDataMaxLength = 255

// A line feed parts the lines of an address; no other control character belongs in any field.
const controlCharacter = /\p{Cc}/u
const controlCharacterInAddress = /[^\P{Cc}\n]/u

/** One fault for each rule that a field of visitorData breaks; values of a wrong type are passed over. */
export function visitorDataFaults(visitorData: Readonly<Record<string, unknown>>): FieldError[] {
  const errors: FieldError[] = []
  for (const name of visitorDataFields) {
    const value = visitorData[name]
    if (typeof value !== 'string') {
      continue
    }
    const pointer = `/visitorData/${name}`
    if (value.length > visitorDataMaxLength) {
      const detail = `The field is longer than ${visitorDataMaxLength} UTF-16 code units.`
      errors.push({ pointer, code: 'too_long', detail })
    }
    const forbidden = name === 'address' ? controlCharacterInAddress : controlCharacter
    if (!value.isWellFormed() || forbidden.test(value)) {
      const detail = 'The field holds a control character or half a surrogate pair.'
      errors.push({ pointer, code: 'invalid_character', detail })
    }
  }
  return errors
}
