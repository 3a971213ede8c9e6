import { Type } from 'typebox'
import { mountPattern } from './mounts.ts'

/** A text that is not empty. */
export const text = (description: string, options: object = {}) =>
  Type.String({ minLength: 1, description, ...options })
export const optional = (description: string, options: object = {}) =>
  Type.Optional(text(description, options))
export const number = (minimum: number, maximum: number, standard: number, description: string) =>
  Type.Integer({ minimum, maximum, default: standard, description })
export const optionalNumber = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description }))
export const flag = (description: string) => Type.Boolean({ default: false, description })

/** A mount's path in Vault: names joined by slashes, no slash at either end. */
export const mount = (description: string, options: object = {}) =>
  text(description, { pattern: mountPattern, ...options })
