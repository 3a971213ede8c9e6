import type { Ajv } from 'ajv'

/**
 * Gives each schema with a title its place in `components`, and a `$ref` wherever it stands: programs that make clients
 * take the names of types from there.
 *
 * @param schemas receives them by title
 */
export function nameSchemas(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => nameSchemas(one, schemas))
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  const named = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      // What stands there is no schema, though a problem has a title and a type too.
      key === 'example' || key === 'examples' ? part : nameSchemas(part, schemas),
    ]),
  )
  if (typeof named.title !== 'string' || typeof named.type !== 'string') {
    return named
  }
  schemas[named.title] = named
  return { $ref: `#/components/schemas/${named.title}` }
}

/**
 * Lets Ajv pass over lengths, which stand in the schemas for their readers: it counts code points, the contract UTF-16
 * code units, and what is too long has an error code of its own.
 */
export function describeLengths(ajv: Pick<Ajv, 'removeKeyword' | 'addKeyword'>): void {
  for (const keyword of ['minLength', 'maxLength']) {
    ajv.removeKeyword(keyword)
    ajv.addKeyword(keyword)
  }
}
