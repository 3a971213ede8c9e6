import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { build } from '../../build.ts'
import { type ErrorCode, errorCodes, fieldErrorCodes, PadlockError } from '../../errors.ts'
import { nameSchemas } from './named-schemas.ts'
import { problemOf } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** codes that this route can answer with, for the document */
    errors?: readonly ErrorCode[]
    /** media types of the answer, where they are not JSON's */
    produces?: readonly string[]
  }
}

/** What any route can answer, whatever it does. */
const everywhere: readonly ErrorCode[] = [
  'invalid_request',
  'method_not_allowed',
  'payload_too_large',
  'head_too_large',
  'request_timeout',
  'rate_limited',
  'internal_error',
]

const description = `Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault.

A shop's backend asks for one token for each page view of a visitor who is logged in. The \`userId\` comes from the
server's own session, never from anything that the browser sends. Errors are RFC 9457 problem details; programs look
at \`code\`.`

const FieldErrorSchema = Type.Object(
  {
    pointer: Type.String({ description: 'JSON Pointer (RFC 6901) into the body' }),
    code: Type.String({ title: 'FieldErrorCode', enum: [...fieldErrorCodes] }),
    detail: Type.String(),
  },
  { title: 'FieldError', description: 'One fault of a request body' },
)

/** RFC 9457 problem details, the form of every error. */
const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:padlock:error:` and the code' }),
    title: Type.String({ description: 'what the code means; the same each time' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'what it is this time; never what a caller sent' }),
    code: Type.String({
      title: 'ErrorCode',
      description: 'what programs should look at',
      enum: Object.keys(errorCodes),
    }),
    requestId: Type.String({ description: "stands in Padlock's log" }),
    errors: Type.Optional(Type.Array(FieldErrorSchema)),
  },
  { title: 'Problem', description: 'RFC 9457 problem details' },
)

const stringHeader = (text: string) => ({ description: text, type: 'string' })

const requestIdHeader = stringHeader("`reqId` in Padlock's log")

/** The headers that come with a status. */
function headersOf(status: number): Record<string, unknown> {
  const headers: Record<string, unknown> = { 'X-Request-Id': requestIdHeader }
  if (status === 401 || status === 403) {
    headers['WWW-Authenticate'] = stringHeader('RFC 6750 §3')
  }
  if (status === 405) {
    headers.Allow = stringHeader('the methods of this address')
  }
  if (status === 429 || status === 503) {
    headers['Retry-After'] = { description: 'seconds', type: 'integer', minimum: 1 }
  }
  return headers
}

/** The responses of a route's codes, one for each status, with an example for each code. */
function problemResponses(codes: readonly ErrorCode[]): Record<string, unknown> {
  const byStatus = Map.groupBy(new Set(codes), (code) => errorCodes[code].status)
  return Object.fromEntries(
    Array.from(byStatus, ([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('. '),
        headers: headersOf(status),
        content: {
          'application/problem+json': {
            schema: ProblemSchema,
            examples: Object.fromEntries(
              list.map((code) => [code, { value: problemOf(new PadlockError(code), exampleRequestId) }]),
            ),
          },
        },
      },
    ]),
  )
}

const exampleRequestId = '3f0c8d5e-2a51-4b7c-9d0e-6f1a2b3c4d5e'

/** A route's own responses in OpenAPI's form: media types around the schemas that serialize. */
function ownResponses(
  responses: Record<string, unknown>,
  produces: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, given]) => {
      const { description = 'Done', examples: [example] = [], ...schema } = given as OwnSchema
      const media = example === undefined ? { schema } : { schema, example }
      const content = Object.fromEntries(produces.map((type) => [type, media]))
      return [status, { description, headers: { 'X-Request-Id': requestIdHeader }, content }]
    }),
  )
}

/** What a route's own schema says of its response, not of the schema. */
interface OwnSchema {
  description?: string
  examples?: unknown[]
}

/**
 * Makes the OpenAPI 3.1 document from the schemas that validate and serialize; `app.swagger()` gives it once
 * the app is ready. Register it before the routes.
 */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Padlock',
        description,
        version: build.version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'tokens', description: 'Tokens for visitors' },
        { name: 'keys', description: 'Public keys to verify with' },
        { name: 'operations', description: 'Health, metrics, this document' },
      ],
      components: {
        securitySchemes: {
          caller: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: "The calling backend's JWT, with `scope` `issue:<profile>` or `issue:*`",
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const { errors = [], produces = ['application/json'] } = route.config ?? {}
      const response = {
        ...ownResponses((schema?.response ?? {}) as Record<string, unknown>, produces),
        ...problemResponses([...errors, ...everywhere]),
      }
      // None is declared too, so that a generated client sends no JWT there.
      return { schema: { security: [], ...schema, response }, url }
    },
    transformObject: (document) => {
      const { paths, components, ...rest } = (document as { openapiObject: Record<string, object> })
        .openapiObject
      const schemas = {}
      const named = nameSchemas(paths, schemas)
      return { ...rest, components: { ...components, schemas }, paths: named } as object
    },
  })
}

/**
 * The document of an app on another listener, where `/openapi.json` and `/docs` are.
 *
 * @param document what `app.swagger()` gives there
 */
export async function adoptApi(app: FastifyInstance, document: object): Promise<void> {
  await app.register(swagger, { mode: 'static', specification: { document: document as never } })
}

/** `GET /openapi.json`: the document of `describeApi` or `adoptApi`, which stands before. */
export async function openApiRoute(app: FastifyInstance): Promise<void> {
  // The routes do not change once they are registered.
  let document: Buffer | undefined
  app.get(
    '/openapi.json',
    {
      schema: {
        tags: ['operations'],
        operationId: 'openapi',
        summary: 'This document (OpenAPI 3.1)',
        response: { 200: Type.Object({}, { additionalProperties: true, description: 'OpenAPI 3.1' }) },
      },
    },
    async (_request, reply) => {
      reply.header('Cache-Control', 'public, max-age=300').type('application/json')
      document ??= Buffer.from(JSON.stringify(app.swagger()))
      return document
    },
  )
}
