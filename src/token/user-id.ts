import { RE2JS, RE2JSSyntaxException } from 're2js'
import type { FieldError, FieldErrorCode } from '../errors.ts'
import { isPlaceholder, type PlaceholderRules } from './placeholders.ts'

/** Longest userId in UTF-16 code units (iAdvize, "Authenticated Messaging": 255 characters). */
export const userIdMaxLength = 255

/**
 * Largest `userIdPattern` in instructions of the RE2 engine: its time grows with instructions times units of
 * the id, which makes a few milliseconds at this size, and a third of a second at the largest RE2 would take.
 */
const maxPatternInstructions = 2_048

/** What a profile adds to the rules of a userId. */
export interface UserIdRules extends PlaceholderRules {
  /** linear-time (RE2) expression which must match the whole id */
  pattern?: RE2JS | undefined
}

/** The part of a profile that narrows or widens what is accepted as a userId. */
export interface UserIdSettings {
  userIdPattern?: string | undefined
  userIdPlaceholders?: readonly string[] | undefined
  allowedUserIds?: readonly string[] | undefined
}

// Unicode general category C: control, format, surrogate, private use, unassigned.
const otherCharacter = /\p{C}/u
// What is drawn as nothing and is not of category C: variation selectors, fillers, U+034F (UAX #44,
// Default_Ignorable_Code_Point), and the blank pattern of Braille. With one of them, two ids look alike.
const invisibleCharacter = /(?!\p{C})[\p{DI}\u2800]/u
// A mark alone is drawn on nothing, or on the character before the id.
const visibleCharacter = /[^\p{C}\p{Z}\p{M}\p{DI}\u2800]/u
// U+FFFD, and what later steps make of it: percent-encoded, escaped, or its UTF-8 bytes read as Latin-1.
const replacementCharacter = /\ufffd|ï¿½|%ef%bf%bd|\\ufffd|&#(?:65533|xfffd);/iu
const whiteSpaceAtAnEnd = /^\p{White_Space}|\p{White_Space}$/u
const whiteSpaceButSpace = /[^\P{White_Space} ]/u

/** A `userIdPattern` that cannot be used; the message says why and repeats nothing of the pattern. */
export class UserIdPatternError extends Error {
  override readonly name = 'UserIdPatternError'
}

function compilePattern(pattern: string): RE2JS {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern)
  } catch (error) {
    const reason = error instanceof RE2JSSyntaxException ? `: ${error.getDescription()}` : ''
    throw new UserIdPatternError(`userIdPattern does not compile as an RE2 regular expression${reason}`)
  }
  if (compiled.programSize() > maxPatternInstructions) {
    throw new UserIdPatternError('userIdPattern compiles to too large an expression: repeat less in it')
  }
  return compiled
}

/**
 * Makes a profile's userId settings ready for use. Placeholders are compared in NFC, as every accepted userId
 * is: one that was typed in another form would refuse nothing.
 *
 * @throws UserIdPatternError when `userIdPattern` does not compile, or is too large
 */
export function userIdRules(settings: UserIdSettings): UserIdRules {
  const { userIdPattern, userIdPlaceholders = [], allowedUserIds } = settings
  return {
    pattern: userIdPattern === undefined ? undefined : compilePattern(userIdPattern),
    placeholders: new Set(userIdPlaceholders.map((entry) => entry.normalize('NFC').toLowerCase())),
    allowed: new Set(allowedUserIds),
  }
}

/**
 * Checks a userId against every rule; an id is refused, never repaired.
 *
 * @returns one fault for each rule that is broken; an empty list for an id that is accepted
 */
export function checkUserId(userId: string, rules: UserIdRules): FieldError[] {
  const errors: FieldError[] = []
  const refuse = (code: FieldErrorCode, detail: string) => errors.push({ pointer: '/userId', code, detail })
  if (userId === '') {
    refuse('user_id_empty', 'The userId is empty.')
    return errors
  }
  if (userId.length > userIdMaxLength) {
    refuse('user_id_too_long', `The userId is longer than ${userIdMaxLength} UTF-16 code units.`)
    return errors
  }
  if (whiteSpaceAtAnEnd.test(userId) || whiteSpaceButSpace.test(userId)) {
    refuse('user_id_whitespace', 'The userId begins or ends with white space, or holds other than U+0020.')
  }
  if (otherCharacter.test(userId)) {
    refuse(
      'user_id_control_character',
      'The userId holds a control, format, surrogate, private-use or unassigned character.',
    )
  }
  if (invisibleCharacter.test(userId) || (errors.length === 0 && !visibleCharacter.test(userId))) {
    refuse(
      'user_id_invisible_character',
      'The userId holds a character that is drawn as nothing, such as a variation selector or a filler, or no visible one.',
    )
  }
  if (replacementCharacter.test(userId)) {
    refuse(
      'user_id_replacement_character',
      'The userId holds U+FFFD: text was decoded with the wrong encoding, and different ids become one.',
    )
  }
  if (userId.normalize('NFC') !== userId) {
    refuse('user_id_not_normalized', 'The userId is not in Unicode Normalization Form C.')
  }
  if (isPlaceholder(userId, rules)) {
    refuse('user_id_placeholder', 'The userId is a placeholder, as code without a user at hand sends it.')
  }
  if (rules.pattern !== undefined && !rules.pattern.testExact(userId)) {
    refuse('user_id_pattern_mismatch', "The userId does not match the profile's userIdPattern.")
  }
  return errors
}
