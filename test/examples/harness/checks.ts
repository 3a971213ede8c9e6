import { decodeJwt } from 'jose'
import type { Test } from 'tap'
import { acceptedClaims } from '../../support/accepted.ts'
import { until } from '../../support/wait.ts'
import type { Shop } from './shop.ts'
import type { Workspace } from './workspace.ts'

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

/** What differs between examples. */
export interface ExampleTraits {
  /** false where each page view is a process of its own, which makes a JWT of its own */
  keepsJwt?: boolean
}

/** What every example does, whatever it is written in. */
export async function checkShop(
  t: Test,
  shop: Shop,
  workspace: Workspace,
  traits: ExampleTraits = {},
): Promise<void> {
  const { service, relay } = workspace
  const jane = await shop.logIn('jane')
  const cookie = jane?.split(';', 1)[0] as string
  const claims = async (t: Test, answer: Response) => {
    t.equal(answer.status, 200, 'a token')
    t.match(answer.headers.get('cache-control'), 'no-store')
    return acceptedClaims(((await answer.json()) as { token: string }).token, service)
  }
  /** An answer without a token, and nothing else in it. */
  const nothing = async (t: Test, answer: Response, status: number, why: string) => {
    t.equal(answer.status, status, why)
    t.match(answer.headers.get('cache-control'), 'no-store', why)
    t.equal(answer.headers.get('access-control-allow-origin'), null, why)
    t.strictSame(await answer.json(), {}, why)
  }

  await t.test('the session', async (t) => {
    t.equal(await shop.logIn('jane', 'wrong'), undefined)
    for (const attribute of [/; *httponly/i, /; *secure/i, /; *samesite=lax/i]) {
      t.match(jane, attribute)
    }
    const brought = (await shop.logIn('jane'))?.split(';', 1)[0]
    const given = (await shop.logIn('zoe', 'padlock', brought))?.split(';', 1)[0]
    t.type(given, 'string')
    t.not(given, brought, 'a log-in does not keep the id that the browser brought')
  })

  await t.test('a token for the customer of the session, with visitorData', async (t) => {
    t.match(await claims(t, await shop.call('/chat-token', { cookie })), {
      'https://iadvize.com/userId': 'customer-8714',
      'https://iadvize.com/visitorData': { firstName: 'Jane', city: 'Nantes' },
    })
    const zoe = (await shop.logIn('zoe'))?.split(';', 1)[0] as string
    t.match(await claims(t, await shop.call('/chat-token', { cookie: zoe })), {
      'https://iadvize.com/userId': 'Zoë "\\ 😀',
      'https://iadvize.com/visitorData': { firstName: 'Zoë', address: '9 rue Nina Simone\n44000 Nantes' },
    })
  })

  await t.test('whatever the browser says of the visitor changes nothing', async (t) => {
    const answer = await shop.call('/chat-token?userId=victim', {
      cookie: `userId=victim; ${cookie}`,
      body: { userId: 'victim' },
    })
    t.equal((await claims(t, answer))['https://iadvize.com/userId'], 'customer-8714')
  })

  await t.test('other sites, other methods, and visitors who are not logged in', async (t) => {
    for (const origin of ['https://evil.example', 'null', 'https://shop.test.evil.example', null]) {
      await nothing(t, await shop.call('/chat-token', { cookie, origin }), 403, `origin ${origin}`)
    }
    await nothing(t, await shop.call('/chat-token', { cookie, method: 'GET' }), 405, 'GET')
    await nothing(t, await shop.call('/chat-token'), 401, 'no cookie')
    await nothing(t, await shop.call('/chat-token', { cookie: 'session=unknown' }), 401, 'unknown session')
  })

  await t.test('what Padlock refuses', async (t) => {
    for (const [name, fault] of [
      ['broken', '/userId user_id_placeholder'],
      ['long', '/visitorData/city too_long'],
    ] as const) {
      const session = (await shop.logIn(name))?.split(';', 1)[0] as string
      await nothing(t, await shop.call('/chat-token', { cookie: session }), 503, name)
      const line = new RegExp(`Padlock: 400 invalid_request, request (${uuid}), ${fault}`)
      await until(() => line.test(shop.log()))
      const requestId = line.exec(shop.log())?.[1] as string
      t.match(
        await service.logged({ reqId: requestId }),
        { code: 'invalid_request' },
        'by its id the request is found',
      )
    }
    relay.mode = 'stranger'
    await nothing(t, await shop.call('/chat-token', { cookie }), 503, 'an unknown caller')
    await until(() => new RegExp(`Padlock: 401 unauthenticated, request ${uuid}`).test(shop.log()))
  })

  await t.test('no Padlock, or something else in its place', async (t) => {
    for (const mode of ['redirect', 'reset', 'page', 'page200', 'silent'] as const) {
      relay.mode = mode
      const start = performance.now()
      await nothing(t, await shop.call('/chat-token', { cookie }), 503, mode)
      t.ok(performance.now() - start < 10_000, 'is waited for 3 seconds')
    }
    t.equal(relay.followed, 0, 'no redirect is followed')
    relay.mode = 'pass'
    await relay.away(async () => nothing(t, await shop.call('/chat-token', { cookie }), 503, 'nothing there'))
  })

  await t.test('the JWT of the shop itself', async (t) => {
    relay.authorizations.length = 0
    await claims(t, await shop.call('/chat-token', { cookie }))
    await claims(t, await shop.call('/chat-token', { cookie }))
    const [first = '', second] = relay.authorizations
    if (traits.keepsJwt ?? true) {
      t.equal(second, first, 'is kept')
    }
    const { iat = 0, exp = 0, ...rest } = decodeJwt(first.replace('Bearer ', ''))
    t.match(rest, {
      iss: 'https://shop.example',
      sub: 'shop-backend',
      aud: 'padlock',
      scope: 'issue:default',
    })
    t.ok(exp - iat <= 300)
  })

  await t.test('log-out', async (t) => {
    await (await shop.call('/logout', { cookie })).arrayBuffer()
    await nothing(t, await shop.call('/chat-token', { cookie }), 401, 'after log-out')
  })

  t.notMatch(
    shop.log(),
    /customer-87|Zoë|eyJ|no\.such\.caller|BEGIN/,
    'the log holds no id, no token and no key',
  )
}

/** The JWT is made anew before it runs out. @param shop one whose JWT lives 61 seconds */
export async function checkRenewal(t: Test, shop: Shop, { relay }: Workspace): Promise<void> {
  const cookie = (await shop.logIn('jane'))?.split(';', 1)[0] as string
  const expiryOf = (authorization = '') => decodeJwt(authorization.replace('Bearer ', '')).exp as number
  relay.authorizations.length = 0
  await until(async () => {
    t.equal((await shop.call('/chat-token', { cookie })).status, 200)
    return expiryOf(relay.authorizations.at(-1)) > expiryOf(relay.authorizations[0])
  })
}
