import { ConfigSchema } from '../../src/config/schema.ts'

/** What the documents say of one variable of `padlock serve`. */
export interface Variable {
  name: string
  /** one line, with the unit */
  meaning: string
  /** what it may be: bounds or a list; empty for text */
  values: string
  /** as it is written in an environment; undefined without a default */
  standard: string | undefined
  required: boolean
}

interface Property {
  type?: string
  description: string
  default?: string | number | boolean
  minimum?: number
  maximum?: number
  anyOf?: { const: string }[]
}

function valuesOf(property: Property): string {
  if (property.type === 'boolean') {
    return 'true, false'
  }
  if (property.anyOf !== undefined) {
    return property.anyOf.map((entry) => entry.const).join(', ')
  }
  return property.minimum === undefined ? '' : `${property.minimum} to ${property.maximum}`
}

/** Every variable of the schema, in its order. */
export function variables(): Variable[] {
  const required = new Set<string>(ConfigSchema.required)
  return Object.entries(ConfigSchema.properties as unknown as Record<string, Property>).map(
    ([name, property]) => {
      const standard =
        property.default === undefined || property.default === '' ? undefined : String(property.default)
      return {
        name,
        meaning: property.description,
        values: valuesOf(property),
        standard,
        required: required.has(name) && standard === undefined,
      }
    },
  )
}
