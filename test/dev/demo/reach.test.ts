import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t from 'tap'
import { axeFaults } from '../../support/axe.ts'
import { card, demoRun, logIn, shop, step, unfold, write } from '../../support/demo.ts'

// The demo in every hand: on a phone, by keyboard, by screen reader, and from its page into a terminal.

const { open, env } = await demoRun(t)
const phone = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
} satisfies BrowserContextOptions

/** Whether all of an element is in the window. */
const inView = (page: Page, selector: string) =>
  page.locator(selector).evaluate((element) => {
    const { top, bottom, left, right } = element.getBoundingClientRect()
    const { clientHeight, clientWidth } = element.ownerDocument.documentElement
    return top >= 0 && left >= 0 && bottom <= clientHeight && right <= clientWidth
  })

t.test('on a phone the padlock is in view after the log-in, and nothing is clipped', async (t) => {
  for (const viewport of [phone.viewport, { width: 360, height: 560 }]) {
    const page = await open(t, { ...phone, viewport })
    await logIn(page, 'Jane')
    await card(page).getByText('Identity verified').waitFor()
    t.ok(await inView(page, '#card .badge'))
    await page.getByRole('button', { name: 'Send undefined' }).click()
    await card(page).getByText('The tag tried 4 times').waitFor()
    t.match(await card(page).innerText(), 'user_id_placeholder')
    t.ok(await inView(page, '#card .note'))
    const clipped = await page
      .locator('#card *, #views .outcome, .step *')
      .evaluateAll((all) =>
        all
          .filter((it) => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0)
          .map((it) => it.className),
      )
    t.strictSame(clipped, [])
    await shop(page).getByRole('button', { name: 'Log out' }).click()
    await card(page).getByText('Nobody here').waitFor()
  }
})

t.test('a value is copied, and the call to Padlock as curl, which runs', async (t) => {
  const page = await open(t, { permissions: ['clipboard-read', 'clipboard-write'] })
  const clipboard = () => page.evaluate('navigator.clipboard.readText()') as Promise<string>
  await logIn(page, 'Jane')
  await card(page).getByText('Identity verified').waitFor()
  const [jwe] = (await (await unfold(page, 'jwe')).allInnerTexts()).slice(1)
  await page.getByRole('button', { name: 'Copy: JWE, which is the token' }).click()
  await page.getByRole('status').getByText('Copied').waitFor()
  t.equal(await clipboard(), jwe)

  await unfold(page, 'request')
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  const script = await clipboard()
  t.notMatch(script, env.PADLOCK_DEV_CALLER_TOKEN as string)
  const [source, ...call] = script.split('\n')
  t.equal(source, 'set -a; . .dev/env; set +a', 'the rest runs here with what that file sets')
  const { stdout } = await promisify(execFile)('bash', ['-c', call.join('\n')], {
    env: { ...process.env, ...env },
  })
  t.match(JSON.parse(stdout), { token: /^eyJ/, keyVersion: 1 })
})

t.test('axe-core finds nothing, light and dark, whatever the page shows', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open(t, { colorScheme })
    await shop(page).getByRole('button', { name: 'Chat with us' }).waitFor()
    t.strictSame(await axeFaults(page), [], `at the start, ${colorScheme}`)
    await write(page, 'Good morning')
    await card(page).getByText('Anonymous visitor').waitFor()
    t.strictSame(await axeFaults(page), [], `an anonymous chat, ${colorScheme}`)
    await logIn(page, 'Jane')
    await card(page).getByText('Identity verified').waitFor()
    for (const name of ['request', 'claims', 'digest', 'audit', 'jws', 'jwe', 'verdict']) {
      await unfold(page, name)
    }
    t.strictSame(await axeFaults(page), [], `all steps, ${colorScheme}`)
    await page.getByRole('button', { name: 'Send undefined' }).click()
    await card(page).getByText('The tag tried 4 times').waitFor()
    t.strictSame(await axeFaults(page), [], `a refusal, ${colorScheme}`)
    await shop(page).getByRole('button', { name: 'Log out' }).click()
    await card(page).getByText('Nobody here').waitFor()
  }
})

t.test('a screen reader gets names, and the keyboard stays where it is when the desk changes', async (t) => {
  const page = await open(t)
  await logIn(page, 'Jane')
  await card(page).getByText('Identity verified').waitFor()
  for (const name of ['Reload', 'An hour later', 'Send undefined', 'One userId for all']) {
    t.equal(await page.getByRole('button', { name }).count(), 1, name)
  }
  t.equal(await page.getByRole('list', { name: 'Page views' }).count(), 1)
  t.equal(await page.getByRole('list', { name: 'The token’s way' }).count(), 1)
  t.equal(await page.getByTitle('The shop, as the visitor sees it').count(), 1)
  await step(page, 'jws').locator('summary').focus()
  const before = await page.locator('#views li').count()
  await page.evaluate("document.querySelector('#shop').contentWindow.location.reload()")
  await page.locator('#views li').nth(before).waitFor()
  t.equal(await page.evaluate("document.activeElement.closest('[data-step]')?.dataset.step"), 'jws')

  await shop(page).getByRole('button', { name: 'Chat with us' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await card(page).getByText('By keyboard').waitFor()
  await page.keyboard.press('Escape')
  const focused = await shop(page)
    .locator('html')
    .evaluate((html) => html.ownerDocument.activeElement?.className)
  t.equal(focused, 'chat')
})
