import { Writable } from 'node:stream'
import fastify, { type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { type ErrorCode, errorCodes, PadlockError } from '../../../src/errors.ts'
import { asPadlockError, problemOf, sendProblem } from '../../../src/http/contract/problem.ts'
import { logRequests } from '../../../src/http/reporting/request-log.ts'
import { decorateRequests } from '../../../src/http/request.ts'
import { createMetrics } from '../../../src/metrics/metrics.ts'
import { problemFaults } from '../../support/problem.ts'

const requestId = '3f0c8d5e-2a51-4b7c-9d0e-6f1a2b3c4d5e'

t.test('each code of the list makes a whole problem', async (t) => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const { title, status } = errorCodes[code]
    t.strictSame(problemOf(new PadlockError(code), requestId), {
      type: `urn:padlock:error:${code}`,
      title,
      status,
      detail: title,
      code,
      requestId,
    })
  }
})

t.test('a detail and the faults of a body are told', async (t) => {
  const errors = [{ pointer: '/userId', code: 'required' as const, detail: 'This property is required.' }]
  const problem = problemOf(new PadlockError('invalid_request', { detail: 'Look.', errors }), requestId)
  t.match(problem, { detail: 'Look.', errors })
})

t.test('an error that nobody foresaw is internal_error', async (t) => {
  const foreign = [
    new Error('canary'),
    new TypeError('canary'),
    'canary',
    undefined,
    null,
    { code: 'toString' },
  ]
  for (const error of [...foreign, Object.assign(new Error('canary'), { statusCode: 400, code: 'ESOME' })]) {
    const problem = problemOf(asPadlockError(error), requestId)
    t.equal(problem.code, 'internal_error')
    t.notMatch(JSON.stringify(problem), /canary/)
  }
})

t.test("what Fastify blames on a caller is the caller's, known by name or not", async (t) => {
  const codeOf = (code: string, statusCode: number) =>
    asPadlockError(Object.assign(new Error('canary'), { code, statusCode })).code
  t.equal(codeOf('FST_STATIC_FORBIDDEN_PATH', 403), 'not_found')
  t.equal(codeOf('FST_ERR_NEW', 400), 'invalid_request')
  t.equal(codeOf('FST_ERR_NEW', 500), 'internal_error')
})

t.test(
  'an internal error says where it happened, and nothing of its message, of however many lines',
  async (t) => {
    const lines: string[] = []
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(chunk.toString())
        done()
      },
    })
    const app = fastify({ loggerInstance: pino(stream) as FastifyBaseLogger, genReqId: () => requestId })
    t.teardown(() => app.close())
    decorateRequests(app)
    logRequests(app, createMetrics())
    app.setErrorHandler((error, request, reply) => sendProblem(asPadlockError(error), request, reply))
    app.get('/', async () => {
      const cause = Object.assign(new Error('canary one\ncanary two\n  at canary three'), { code: 'ESOME' })
      throw Object.assign(cause, { config: { headers: { 'x-vault-token': 'canary' } } })
    })
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const response = await fetch(address)
    const answer = { status: response.status, headers: response.headers, body: await response.text() }
    t.strictSame(problemFaults(answer), [])
    t.equal(answer.status, 500)
    t.notMatch(answer.body, /canary/)
    const line = lines.find((entry) => entry.includes('"internal error"'))
    t.match(JSON.parse(line as string), {
      errorName: 'Error',
      errorCode: 'ESOME',
      stack: /problem\.test\.ts/,
    })
    t.notMatch(lines.join(''), /canary/)
  },
)
