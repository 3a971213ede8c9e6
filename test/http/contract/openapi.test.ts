import { readFileSync } from 'node:fs'
import t from 'tap'
import { errorCodes, fieldErrorCodes } from '../../../src/errors.ts'
import { userIdMaxLength } from '../../../src/token/user-id.ts'
import { visitorDataMaxLength } from '../../../src/token/visitor-data.ts'
import { openApiDocument } from '../../../tools/docs/openapi-document.ts'
import { contractFaults, contractFetch, schemaAt } from '../../support/contract.ts'
import { testService } from '../../support/service.ts'

const committed = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8')

/** A media type of the document. */
interface Media {
  examples?: Record<string, { value: unknown }>
}

t.test('openapi.json is current (npm run -s docs:openapi)', async (t) => {
  t.equal(await openApiDocument(), committed)
})

t.test('every code is in the document, with an example', async (t) => {
  const examples = new Set<string>()
  for (const operations of Object.values(JSON.parse(committed).paths as object)) {
    for (const { responses } of Object.values(operations) as { responses: object }[]) {
      for (const response of Object.values(responses)) {
        for (const code of Object.keys(response.content['application/problem+json']?.examples ?? {})) {
          examples.add(code)
        }
      }
    }
  }
  t.strictSame([...examples].sort(), Object.keys(errorCodes).sort())
})

t.test('types have names, codes are enumerations, and whoever needs no JWT is told so', async (t) => {
  const { components, paths } = JSON.parse(committed)
  const { schemas } = components
  t.strictSame(Object.keys(schemas).sort(), [
    ...['Component', 'ErrorCode', 'FieldError', 'FieldErrorCode', 'IssuedToken', 'Jwk', 'JwkSet'],
    ...['Liveness', 'Problem', 'Readiness', 'TokenRequest', 'VisitorData'],
  ])
  t.strictSame(schemas.ErrorCode.enum, Object.keys(errorCodes))
  t.strictSame(schemas.FieldErrorCode.enum, fieldErrorCodes)
  t.match(schemas.TokenRequest.properties.userId, { minLength: 1, maxLength: userIdMaxLength })
  for (const [name, field] of Object.entries(schemas.VisitorData.properties)) {
    t.match(field, { maxLength: visitorDataMaxLength }, name)
  }
  for (const [path, operations] of Object.entries(paths as Record<string, Record<string, object>>)) {
    for (const [method, operation] of Object.entries(operations)) {
      const security = method === 'post' ? [{ caller: [] }] : []
      t.strictSame((operation as { security: unknown }).security, security, path)
    }
  }
})

t.test('examples are as their schemas say', async (t) => {
  const { post } = JSON.parse(committed).paths['/v1/profiles/{profile}/tokens']
  const validProblem = schemaAt('components', 'schemas', 'Problem')
  for (const { content } of Object.values<{ content: Record<string, Media> }>(post.responses)) {
    for (const { value } of Object.values(content['application/problem+json']?.examples ?? {})) {
      t.ok(validProblem(value))
    }
  }
  t.ok(
    schemaAt(
      'components',
      'schemas',
      'IssuedToken',
    )(post.responses['200'].content['application/json'].example),
  )
})

t.test('every address answers as the document says', async (t) => {
  const service = await testService(t)
  for (const path of [
    '/openapi.json',
    '/metrics',
    '/health/live',
    '/health/ready',
    '/v1/profiles/default/jwks.json',
    '/v1/profiles/default/public-key.pem',
    '/v1/profiles/default/public-key.pem?version=1',
  ]) {
    const answer = await contractFetch(service.url + path)
    t.equal(answer.status, 200, path)
  }
  for (const [path, status] of [
    ['/v1/profiles/nobody/jwks.json', 404],
    ['/v1/profiles/nobody/public-key.pem', 404],
    ['/v1/profiles/default/public-key.pem?version=9', 404],
    ['/v1/profiles/default/public-key.pem?version=0', 400],
    ['/v1/profiles/default/public-key.pem?version=1&version=1', 400],
  ] as const) {
    t.equal((await contractFetch(service.url + path)).status, status, path)
  }
  const { examples } = JSON.parse(committed).paths['/v1/profiles/{profile}/tokens'].post.requestBody.content[
    'application/json'
  ] as Media
  for (const { value } of Object.values(examples ?? {})) {
    t.equal((await service.issue(value)).status, 200, 'an example of a request')
  }
  // JSON Schema counts code points: its bound refuses nothing that Padlock accepts.
  t.equal((await service.issue({ userId: 'u'.repeat(255) })).status, 200)
  const long = await (
    await service.issue({ userId: '😀'.repeat(128), visitorData: { city: 'n'.repeat(256) } })
  ).json()
  t.match(long, {
    errors: [
      { pointer: '/userId', code: 'user_id_too_long' },
      { pointer: '/visitorData/city', code: 'too_long' },
    ],
  })
  t.equal((long as { errors: unknown[] }).errors.length, 2, 'the schema adds nothing')
  t.equal((await service.issue({ userId: '' })).status, 400)
  t.equal(
    (await service.issue({ userId: 'u-1' }, { headers: { authorization: 'Bearer a.b.c' } })).status,
    401,
  )
  t.equal((await service.issue({ userId: 'u-1' }, { headers: { 'content-type': 'text/plain' } })).status, 415)
  t.equal((await service.issue({ userId: 'u-1' }, { headers: { accept: 'text/html' } })).status, 406)
  const running = await (await fetch(`${service.url}/openapi.json`)).json()
  t.strictSame(running, JSON.parse(committed), 'the running service gives the committed document')
})

t.test('the check of the contract finds what is wrong', async (t) => {
  const url = 'http://padlock.test/v1/profiles/default/tokens'
  const json = new Headers({ 'content-type': 'application/json', 'x-request-id': 'r-1' })
  t.match(contractFaults('POST', url, { status: 200, headers: json, body: '{}' }), [
    /must have required property/,
  ])
  t.match(contractFaults('POST', url, { status: 299, headers: json, body: '{}' }), [/no such status/])
  t.match(contractFaults('POST', url, { status: 503, headers: json, body: '{}' }), [
    /no header Retry-After/,
    /is not in/,
  ])
})
