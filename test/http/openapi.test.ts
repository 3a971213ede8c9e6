import { readFileSync } from 'node:fs'
import t from 'tap'
import { errorCodes } from '../../src/errors.ts'
import { openApiDocument } from '../../tools/docs/openapi-document.ts'
import { contractFaults, contractFetch } from '../support/contract.ts'
import { testService } from '../support/service.ts'

const committed = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')

t.test('openapi.json is current (npm run -s docs:openapi)', async (t) => {
  t.equal(await openApiDocument(), committed)
})

t.test('every code is in the document, with an example', async (t) => {
  const examples = new Set<string>()
  for (const operations of Object.values(JSON.parse(committed).paths as object)) {
    for (const { responses } of Object.values(operations) as { responses: object }[]) {
      for (const response of Object.values(responses)) {
        for (const code of Object.keys(response.content['application/problem+json']?.examples ?? {}))
          examples.add(code)
      }
    }
  }
  t.strictSame([...examples].sort(), Object.keys(errorCodes).sort())
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
  t.equal((await service.issue({ userId: 'u-1' })).status, 200)
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
  const json = new Headers({ 'content-type': 'application/json' })
  t.match(contractFaults('POST', url, { status: 200, headers: json, body: '{}' }), [
    /must have required property/,
  ])
  t.match(contractFaults('POST', url, { status: 299, headers: json, body: '{}' }), [/no such status/])
  t.match(contractFaults('POST', url, { status: 503, headers: json, body: '{}' }), [
    /no header Retry-After/,
    /is not in/,
  ])
})
