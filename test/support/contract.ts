import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

interface Operation {
  responses: Record<string, { content?: Record<string, unknown>; headers?: Record<string, unknown> }>
}

const document: { paths: Record<string, Record<string, Operation>> } = JSON.parse(
  readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'),
)
const formats = { 'date-time': (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) }
const ajv = new Ajv2020({ strict: false, allErrors: true, formats })
ajv.addSchema(document, 'openapi')
const compiled = new Map<string, ValidateFunction>()

const escaped = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

/** The check of one schema of openapi.json, by the way to it. */
export function schemaAt(...parts: string[]): ValidateFunction {
  const $ref = `openapi#/${parts.map(escaped).join('/')}`
  const validate = compiled.get($ref) ?? ajv.compile({ $ref })
  compiled.set($ref, validate)
  return validate
}

function operationOf(method: string, pathname: string): [string, string, Operation] | undefined {
  for (const [path, operations] of Object.entries(document.paths)) {
    const pattern = path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')
    const operation = operations[method.toLowerCase()]
    if (operation && new RegExp(`^${pattern}$`).test(pathname)) {
      return [path, method.toLowerCase(), operation]
    }
  }
  return undefined
}

/** What is not as openapi.json says of an answer: its status, media type, headers or body. Empty when all is. */
export function contractFaults(
  method: string,
  url: string,
  answer: { status: number; headers: Headers; body: string },
): string[] {
  const found = operationOf(method, new URL(url).pathname)
  if (found === undefined) {
    return []
  }
  const [path, verb, operation] = found
  const response = operation.responses[answer.status]
  const at = `${method} ${path} ${answer.status}`
  if (response === undefined) {
    return [`${at}: no such status in the document`]
  }
  const faults = Object.keys(response.headers ?? {})
    .filter((name) => !answer.headers.has(name))
    .map((name) => `${at}: no header ${name}`)
  const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? ''
  if (!(type in (response.content ?? {}))) {
    return [...faults, `${at}: ${type} is not in the document`]
  }
  const value = type.endsWith('json') ? JSON.parse(answer.body) : answer.body
  const validate = schemaAt(
    'paths',
    path,
    verb,
    'responses',
    String(answer.status),
    'content',
    type,
    'schema',
  )
  if (!validate(value)) {
    faults.push(`${at}: ${ajv.errorsText(validate.errors)}`)
  }
  return faults
}

/** As fetch, and throws when the answer is not as openapi.json says. */
export async function contractFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, init)
  const { status, headers } = answer
  const faults = contractFaults(init.method ?? 'GET', url, {
    status,
    headers,
    body: await answer.clone().text(),
  })
  if (faults.length > 0) {
    throw new Error(faults.join('\n'))
  }
  return answer
}
