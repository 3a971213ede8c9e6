import t from 'tap'
import { seriesOf } from '../support/exposition.ts'
import { sendRaw } from '../support/raw-http.ts'
import { testService } from '../support/service.ts'

const mistakes = 10_000
const atOnce = 50
/** Stands in everything that is made up. */
const mark = 'zq7'

const service = await testService(t)
const good = `Bearer ${await service.callers.token()}`

/** Makes a mistake; the status that it is answered with. */
type Mistake = (made: string) => Promise<number>

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer
  await response.arrayBuffer()
  return response.status
}
const get = (path: string) => statusOf(fetch(`${service.url}${path}`))
const post = (path: string, body: unknown, authorization = good, headers: Record<string, string> = {}) =>
  statusOf(
    fetch(`${service.url}${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  )
const tokens = '/v1/profiles/default/tokens'

/** Each kind of mistake that a caller can make with a value of its own. */
const kinds: Mistake[] = [
  (made) => get(`/${made}`),
  (made) => get(`/docs/static/${made}.js`),
  (made) => get(`/v1/profiles/${made}/jwks.json`),
  (made) => get(`/v1/profiles/default/public-key.pem?version=${made}`),
  // On a connection of its own, since the service ends it.
  async (made) => {
    const [answer] = await sendRaw(service.url, [`${made} ${tokens} HTTP/1.1\r\nHost: a\r\n\r\n`])
    return answer?.status ?? 0
  },
  (made) => post(`/v1/profiles/${made}/tokens`, { userId: 'u-1' }),
  (made) => post(tokens, { userId: 'u-1', [made]: made }),
  (made) => post(tokens, { userId: `<${made}>` }),
  (made) => post(`${tokens}?${made}=${made}`, { userId: 'u-1' }, `Bearer ${made}.${made}.${made}`),
  (made) => post(tokens, { userId: ' ' }, good, { 'content-type': `application/${made}` }),
  (made) => post(tokens, { userId: ' ' }, good, { accept: `text/${made}` }),
  (made) => post(tokens, { userId: '' }, good, { [made]: made, 'user-agent': made, traceparent: made }),
  async (made) => {
    const token = await service.callers.token({ sub: made, scope: `issue:${made}`, jti: made }, { kid: made })
    return post(tokens, { userId: 'u-1' }, `Bearer ${token}`)
  },
]

async function make(from: number, to: number): Promise<Set<number>> {
  const statuses = new Set<number>()
  let next = from
  const caller = async () => {
    for (let i = next++; i < to; i = next++) {
      statuses.add(await (kinds[i % kinds.length] as Mistake)(`${mark}${i}`))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  return statuses
}

const metrics = async () => (await fetch(`${service.url}/metrics`)).text()

t.test(
  '10,000 mistakes, none like another, make no series that one of each kind does not make',
  async (t) => {
    const own = (text: string) =>
      seriesOf(text)
        .filter(({ name }) => name.startsWith('padlock_'))
        .map((series) => JSON.stringify(series))
        .sort()
    await make(0, kinds.length)
    await metrics()
    const before = own(await metrics())
    const statuses = await make(kinds.length, mistakes)
    t.strictSame([...statuses].sort(), [400, 401, 403, 404, 405, 406, 415])
    const text = await metrics()
    t.strictSame(own(text), before)
    t.notMatch(text, mark)
    t.ok(seriesOf(text).length < 500, `${seriesOf(text).length} series in all`)
  },
)
