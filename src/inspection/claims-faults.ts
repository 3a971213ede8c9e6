import type { FaultKind } from './fault-kind.ts'

/** What can be wrong with the claims. */
export const claimsFaults = {
  claims_unreadable: { stage: 'claims_invalid', cause: 'The payload must be a JSON object in UTF-8.' },
  claim_twice: {
    stage: 'claims_invalid',
    cause: 'Two parts of the code each write it; which one counts depends on the reader.',
  },
  iss_missing: { stage: 'claims_invalid', cause: 'Set `iss` to what was agreed with iAdvize.' },
  iss_wrong_type: { stage: 'claims_invalid', cause: '`iss` is a text.' },
  exp_missing: { stage: 'claims_invalid', cause: 'Some libraries set no `exp` unless told to.' },
  exp_wrong_type: {
    stage: 'claims_invalid',
    cause: '`exp` is a number of seconds since 1970, not a text and not a date (RFC 7519 §2).',
  },
  exp_milliseconds: {
    stage: 'claims_invalid',
    cause: 'A clock in milliseconds was not divided by 1,000: `Date.now()`, `System.currentTimeMillis()`.',
  },
  expired: { stage: 'expired', cause: 'The token was kept and shown again: each page load needs a new one.' },
  exp_too_far: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'A token that leaks is good all that time: 60 seconds are enough, a day is the most.',
  },
  not_yet_valid: {
    stage: 'claims_invalid',
    cause: 'The clock of the machine that made it is ahead: set up NTP.',
  },
  issued_in_future: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'The clock of the machine that made it is ahead: set up NTP.',
  },
  user_id_missing: { stage: 'claims_invalid', cause: 'The claim `https://iadvize.com/userId` was not set.' },
  user_id_claim_name: {
    stage: 'claims_invalid',
    cause: 'The name is exactly `https://iadvize.com/userId`, and is a name, not an address to be tidied.',
  },
  user_id_wrong_type: {
    stage: 'claims_invalid',
    cause: "The database's number or object was put in as it is: make a text of it.",
  },
  user_id_empty: {
    stage: 'claims_invalid',
    cause: 'The visitor is not logged in, or the session has no id.',
  },
  user_id_too_long: {
    stage: 'claims_invalid',
    cause:
      'iAdvize takes 255 characters: use a short opaque id, and never cut one, since two could become one.',
  },
  user_id_whitespace: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause:
      'An id was read from a file or a form with what stands around it: trimming it merges two visitors.',
  },
  user_id_control_character: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'Bytes were decoded in the wrong way, or invisible characters were pasted.',
  },
  user_id_invisible_character: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause:
      'A variation selector or a filler was pasted, or an empty field was filled with one: two ids look alike.',
  },
  user_id_replacement_character: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause:
      'Text was decoded with the wrong encoding: ids of different visitors become one. Decode it as what it is.',
  },
  user_id_not_normalized: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'Two ids can look alike and differ: normalize to NFC where ids are made, or use opaque ones.',
  },
  user_id_placeholder: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'Code sent a stand-in where an id was missing: all such visitors are one, and read each other.',
  },
  visitor_data_claim_name: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'The name is exactly `https://iadvize.com/visitorData`: under another, the agent does not see it.',
  },
  visitor_data_json_text: {
    stage: 'claims_invalid',
    cause: 'It was turned into JSON once more: put the object itself into the claims.',
  },
  visitor_data_wrong_type: { stage: 'claims_invalid', cause: 'visitorData is an object of texts.' },
  visitor_data_field_type: {
    stage: 'claims_invalid',
    cause: 'A number or null was put in as it is: make a text of it, or leave the field out.',
  },
  visitor_data_unknown_field: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause:
      'iAdvize knows address, city, country, email, firstName, lastName, phoneNumber and zipCode, spelled like this.',
  },
  visitor_data_too_long: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'A field has 255 characters at most.',
  },
  visitor_data_character: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: 'Bytes were decoded in the wrong way, or line ends were left in the field.',
  },
  ext_id: {
    stage: 'claims_invalid',
    severity: 'risk',
    cause: '`extId` is of the method before this one: used beside a token, it costs the padlock.',
  },
} as const satisfies Record<string, FaultKind>
