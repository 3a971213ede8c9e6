import type { FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { type FieldError, PadlockError } from '../../errors.ts'
import {
  type CheckedTokenRequest,
  checkedTokenRequest,
  checkTokenRequest,
  type TokenRequest,
} from '../../token/claims.ts'

/** One fault of Ajv as one of the contract: where, which, and what to do about it; never the value. */
function fieldError(fault: FastifySchemaValidationError): FieldError {
  const at = (name: unknown) =>
    `${fault.instancePath}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
  if (fault.keyword === 'required') {
    return {
      pointer: at(fault.params.missingProperty),
      code: 'required',
      detail: 'This property is required.',
    }
  }
  if (fault.keyword === 'additionalProperties') {
    const pointer = at(fault.params.additionalProperty)
    return /^ext_?id$/i.test(String(fault.params.additionalProperty))
      ? {
          pointer,
          code: 'ext_id_not_allowed',
          detail: 'extId must not be used beside a token: the padlock is lost.',
        }
      : { pointer, code: 'unknown_property', detail: 'There is no such property.' }
  }
  return {
    pointer: fault.instancePath,
    code: 'wrong_type',
    detail: `This must be of type ${fault.params.type}.`,
  }
}

/**
 * The checked body of a request for a token.
 *
 * @throws PadlockError `invalid_request` with all that is wrong with it at once
 */
export function tokenRequestOf({ body, profile, validationError }: FastifyRequest): CheckedTokenRequest {
  const faults = validationError?.validation
  if (faults === undefined) {
    return checkedTokenRequest(body as TokenRequest, profile.userIdRules)
  }
  const errors = faults.map(fieldError)
  if (typeof body === 'object' && body !== null) {
    errors.push(...checkTokenRequest(body as Record<string, unknown>, profile.userIdRules))
  }
  throw new PadlockError('invalid_request', { errors })
}
