/**
 * Text of somebody else's without what a terminal or a browser would obey, hide or turn round: every character of
 * category C (control, format, surrogate, private use, unassigned: ESC, C1, U+202E, U+200B) and the separators U+2028
 * and U+2029 become `\uXXXX`, one for each UTF-16 unit. That is how JSON escapes a character (RFC 8259 section 7), so
 * JSON text stays the same JSON.
 *
 * @param kept characters that stay as they are, such as a line feed between lines
 */
export const printable = (text: string, kept = ''): string =>
  text.replace(/[\p{C}\u2028\u2029]/gu, (character) => {
    if (kept.includes(character)) {
      return character
    }
    const units = character.split('')
    return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  })
