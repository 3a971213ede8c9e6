import type { FaultKind } from './fault-kind.ts'

const encodedByHand = 'A base64 function was used where base64url without padding (RFC 7515 §2) is asked for.'

/** What can be wrong with a token's text, whatever is in it. */
export const serializationFaults = {
  empty: {
    stage: 'malformed_token',
    cause: 'What makes the tokens failed, and its error was not looked at.',
  },
  bearer_prefix: {
    stage: 'malformed_token',
    cause: 'An Authorization header was handed over in place of the token alone.',
  },
  token_in_json: {
    stage: 'malformed_token',
    cause: 'A whole JSON answer, or a text in its quotes, was handed over in place of the token in it.',
  },
  white_space: {
    stage: 'malformed_token',
    cause:
      'A base64 function broke its lines (MIME, `base64` without `-w0`), or a file was read with its line end.',
  },
  percent_encoded: { stage: 'malformed_token', cause: 'The token was URL-encoded once too often.' },
  json_serialization: {
    stage: 'malformed_token',
    cause: 'The library was asked for JSON serialization; iAdvize takes the compact one (RFC 7516 §7.1).',
  },
  padding: { stage: 'malformed_token', cause: encodedByHand },
  base64_not_url: { stage: 'malformed_token', cause: encodedByHand },
  bad_character: {
    stage: 'malformed_token',
    cause:
      'Something was put into the token, or it was pasted from a program that shortens or decorates text.',
  },
  not_compact: {
    stage: 'malformed_token',
    cause:
      'It was cut off on its way (a cookie, a column, a copy that missed a part), or it is no token at all.',
  },
  header_unreadable: {
    stage: 'malformed_token',
    cause: 'The header is not base64url of a JSON object: it was encrypted, shortened or encoded twice.',
  },
  header_incomplete: { stage: 'malformed_token', cause: 'The header was put together by hand.' },
} as const satisfies Record<string, FaultKind>
