import t from 'tap'
import { HostileRequests } from '../../support/hostile.ts'
import { answerOf } from '../../support/problem.ts'
import { testService } from '../../support/service.ts'

const service = await testService(t)
const hostile = new HostileRequests()
const send = (headers: Record<string, string>) => service.issue('{"userId":"u-1"}', { headers })

t.test('only application/json is taken, with any parameter and in no coding', async (t) => {
  const types =
    'text/plain text/json application/jsonp application/json-seq application/ld+json application ' +
    'application/x-www-form-urlencoded */* application/* json application/json/x multipart/form-data;boundary=x'
  const lists = ['', 'application/json, text/plain', 'application/json text/plain']
  for (const type of [...types.split(' '), ...lists]) {
    const answer = await answerOf(await send({ 'content-type': type }))
    t.strictSame(hostile.faults(answer, 'unsupported_media_type'), [], type)
  }
  for (const coding of ['gzip', 'br', 'deflate', 'identity, gzip', 'x']) {
    const answer = await answerOf(await send({ 'content-encoding': coding }))
    t.strictSame(hostile.faults(answer, 'unsupported_media_type'), [], coding)
  }
  // RFC 8259 §11: a charset has no meaning; the bytes are UTF-8 or they are refused.
  for (const parameters of ['', ';charset=utf-8', '; charset=latin1; a="b;c"']) {
    t.equal((await send({ 'content-type': `application/json${parameters}` })).status, 200, parameters)
  }
  t.equal((await send({ 'content-type': 'APPLICATION/JSON', 'content-encoding': 'identity' })).status, 200)
})

t.test('a caller that wants no JSON gets 406, and one that does gets it however it says so', async (t) => {
  for (const accept of 'text/html application/xml application/json;q=0 image/* application/problem+json , ;q=1'.split(
    ' ',
  )) {
    t.strictSame(hostile.faults(await answerOf(await send({ accept })), 'not_acceptable'), [], accept)
  }
  const wanted = ['application/json', '*/*', 'application/*', 'Application/JSON']
  for (const accept of [...wanted, 'text/html, */*;q=0.1', 'application/json; charset=utf-8']) {
    t.equal((await send({ accept })).status, 200, accept)
  }
})

t.test('figures', async (t) => hostile.report(t))
