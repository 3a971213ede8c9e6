import fastify from 'fastify'
import t from 'tap'
import { surviveAcceptErrors } from '../../../src/http/connections/connection-errors.ts'

t.test(
  'a connection that cannot be taken does not end the process, and is told of once a second',
  async (t) => {
    const lines: string[] = []
    const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } })
    t.teardown(() => app.close())
    surviveAcceptErrors(app)
    await app.listen({ host: '127.0.0.1', port: 0 })
    // What Node itself does where accept(2) fails.
    for (let i = 0; i < 3; i++) {
      app.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
    }
    const told = () => lines.map((line) => JSON.parse(line)).filter(({ code }) => code === 'EMFILE')
    while (told().length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    t.match(told(), [{ code: 'EMFILE', refused: 3 }])
    t.equal(told().length, 1)
  },
)

t.test('what keeps it from listening still does', async (t) => {
  const one = fastify()
  t.teardown(() => one.close())
  const address = new URL(await one.listen({ host: '127.0.0.1', port: 0 }))
  const other = fastify()
  t.teardown(() => other.close())
  surviveAcceptErrors(other)
  await t.rejects(other.listen({ host: '127.0.0.1', port: Number(address.port) }), { code: 'EADDRINUSE' })
})
