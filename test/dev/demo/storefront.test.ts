import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { BrowserContextOptions } from 'playwright-core'
import t from 'tap'
import { card, demoRun, logIn, picture, shop, step, unfold } from '../../support/demo.ts'
import { gone } from '../../support/dev-run.ts'
import { block } from '../../support/readme.ts'

// `make demo` as a visitor and an agent see it, in a real Chromium. UPDATE_SCREENSHOTS=1 makes the README's pictures.

// Vault, Padlock and a browser start, and a token has to expire.

const { run, env, url, open } = await demoRun(t)

t.test('a visitor logs in, and the agent sees the padlock and every step with real values', async (t) => {
  const page = await open(t)
  await logIn(page, 'Jane')
  await card(page).getByText('Identity verified').waitFor()
  t.match(await card(page).innerText(), /Jane Doe[\s\S]*Nantes[\s\S]*0b9c1f4e-/)
  t.equal(await shop(page).getByRole('button', { name: 'Chat with us' }).count(), 1)

  const [body, answer] = await (await unfold(page, 'request')).allInnerTexts()
  t.match(JSON.parse(body as string), { userId: /^0b9c1f4e-/, visitorData: { firstName: 'Jane' } })
  const { auditId, keyVersion, token } = JSON.parse(answer as string)
  t.equal(keyVersion, 1)
  t.equal(token, undefined)
  const claims = JSON.parse(await (await unfold(page, 'claims')).innerText())
  t.match(claims, { iss: 'https://shop.example', 'https://iadvize.com/userId': /^0b9c1f4e-/ })
  const [signingInput, digest] = await (await unfold(page, 'digest')).allInnerTexts()
  t.equal(digest, auditId)
  const [hash, entry] = await (await unfold(page, 'audit')).allInnerTexts()
  t.match(hash, /^hmac-sha256:[0-9a-f]{64}$/)
  const { auth, request } = JSON.parse(entry as string)
  t.equal(request.path, 'transit/sign/padlock-default/sha2-256')
  t.equal(auth.metadata.role_name, 'padlock')
  t.match(JSON.stringify(request.data), hash)
  const [, jws] = await (await unfold(page, 'jws')).allInnerTexts()
  t.ok((jws as string).startsWith(`${signingInput}.`))
  const [header, jwe] = await (await unfold(page, 'jwe')).allInnerTexts()
  t.strictSame(JSON.parse(header as string), { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
  t.equal((jwe as string).split('.').length, 5)
  t.match(await step(page, 'verdict').innerText(), /Accepted/)
  const log = await readFile(env.PADLOCK_DEV_VAULT_AUDIT_LOG as string, 'utf8')
  t.match(log, hash as string)
})

t.test('each page load gets its own token, and each visitor is told from the others', async (t) => {
  const page = await open(t)
  await logIn(page, 'Amadou')
  await card(page).getByText('Amadou Diallo').waitFor()
  const before = await page.locator('#views li').count()
  await shop(page).getByRole('link', { name: 'Tall vase' }).click()
  await page.locator('#views li').nth(before).waitFor()
  t.match(await page.locator('#views li').first().innerText(), /Tall vase[\s\S]*Amadou Diallo[\s\S]*Padlock/)
  t.equal(await page.locator('#address').innerText(), 'shop.example/vase')
  await shop(page).getByRole('button', { name: 'Log out' }).click()
  await logIn(page, 'Lin')
  await card(page).getByText('Lin Wei').waitFor()
  t.notMatch(await card(page).innerText(), 'Amadou')
})

t.test('send undefined: Padlock refuses each of the tag’s 4 attempts, and nothing is signed', async (t) => {
  const page = await open(t)
  await page.getByRole('button', { name: 'Send undefined' }).click()
  await card(page).getByText('The tag tried 4 times').waitFor()
  t.match(await card(page).innerText(), /No padlock[\s\S]*user_id_placeholder/)
  t.equal(await shop(page).getByRole('button', { name: 'Chat with us' }).count(), 0)
  const [body, answer] = await (await unfold(page, 'request')).allInnerTexts()
  t.strictSame(JSON.parse(body as string), { userId: 'undefined' })
  t.match(JSON.parse(answer as string), { status: 400, errors: [{ code: 'user_id_placeholder' }] })
  t.equal(await page.locator('.step.missing').count(), 6)
  t.match(await page.locator('#mistake-status').innerText(), 'Padlock refused it')
  await shop(page).getByRole('link', { name: 'Brume' }).click()
  await card(page).getByText('Identity verified').waitFor()
  t.pass('and the next page view is right again')
})

t.test('show an expired token again: it is accepted once, and refused when it has expired', async (t) => {
  const page = await open(t)
  await logIn(page, 'Jane')
  await card(page).getByText('Identity verified').waitFor()
  await page.getByRole('button', { name: 'Show an expired token' }).click()
  await card(page).getByText('The tag tried 4 times').waitFor()
  t.match(await card(page).innerText(), /No padlock[\s\S]*The token (has just )?expired/)
  t.match(await (await unfold(page, 'verdict')).allInnerTexts(), ['expired'])
  const shown = async () => (await (await unfold(page, 'jwe')).allInnerTexts())[1]
  const refused = await shown()
  await page.locator('#views button').nth(1).click()
  await card(page).getByText('Identity verified').waitFor()
  t.equal((await step(page, 'jwe').locator('pre').allInnerTexts())[1], refused, 'the very same token')
})

t.test('the keyboard alone is enough', async (t) => {
  const page = await open(t)
  /** Whether the keyboard is where a selector says, in the page or in the shop's frame. */
  const isAt = (selector: string, inShop = false) =>
    (inShop ? shop(page).locator('html') : page.locator('html')).evaluate(
      (html, wanted) => html.ownerDocument.activeElement?.matches(wanted) ?? false,
      selector,
    )
  const tabTo = async (there: () => Promise<boolean>) => {
    for (let i = 0; i < 60 && !(await there()); i++) {
      await page.keyboard.press('Tab')
    }
    t.ok(await there())
  }
  await tabTo(async () => (await isAt('#shop')) && (await isAt('[value="lin"]', true)))
  await page.keyboard.press('Enter')
  await card(page).getByText('Lin Wei').waitFor()
  await tabTo(() => isAt('[data-step="verdict"] summary'))
  await page.keyboard.press('Enter')
  await step(page, 'verdict').locator('pre').first().waitFor({ state: 'visible' })
  await tabTo(() => isAt('[data-step="verdict"] pre'))
})

t.test('light, dark, and the width of a phone', async (t) => {
  const scenes = [
    ['demo-light', { colorScheme: 'light' }],
    ['demo-dark', { colorScheme: 'dark' }],
    [
      'demo-phone',
      { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    ],
  ] as const satisfies [string, BrowserContextOptions][]
  const grounds = new Set<string>()
  for (const [name, options] of scenes) {
    const page = await open(t, options)
    await logIn(page, 'Jane')
    await card(page).getByText('Jane Doe').waitFor()
    if (name !== 'demo-phone') {
      await unfold(page, 'audit')
    }
    t.ok(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      'nothing is wider than the window',
    )
    grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
    await picture(page, name)
  }
  t.equal(grounds.size, 2, 'dark is another ground than light')
})

t.test('the page’s script is the README’s own', async (t) => {
  const script = await (await fetch(`${url}/assets/chat.js`)).text()
  t.equal(script, await block('chat.js'))
})

t.test('it answers its own pages alone', async (t) => {
  const { host } = new URL(url)
  const page = await fetch(url)
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/)
  const leave = new AbortController()
  const events = await fetch(`${url}/desk/events`, { signal: leave.signal })
  leave.abort()
  t.match(events.headers.get('content-type'), 'text/event-stream')
  for (const name of ['content-security-policy', 'x-content-type-options', 'referrer-policy']) {
    t.equal(events.headers.get(name), page.headers.get(name), `the events' ${name}`)
  }
  t.equal((await fetch(`${url}/chat-token`, { method: 'POST' })).status, 403, 'no Origin')
  const foreign = { method: 'POST', headers: { origin: 'https://evil.example' } }
  t.equal((await fetch(`${url}/shop/log-in`, foreign)).status, 403)
  t.equal((await fetch(`${url}/chat-token`, { method: 'POST', headers: { origin: url } })).status, 401)
  // Another name that leads to this address; fetch would not let a test say so.
  const other = request(url, { headers: { host: host.replace('127.0.0.1', 'evil.example') } }).end()
  const [response] = await once(other, 'response')
  t.equal(response.statusCode, 421)
})

t.test('Ctrl-C ends all of it', async (t) => {
  run.process.kill('SIGINT')
  const [code] = await once(run.process, 'exit')
  t.equal(code, 0)
  t.ok(gone(env.PADLOCK_PID))
  t.ok(gone(env.VAULT_PID))
  await t.rejects(fetch(url))
})
