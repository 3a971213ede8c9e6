import type { Page } from 'playwright-core'
import t from 'tap'
import { card, demoRun, logIn, shop, write } from '../../support/demo.ts'

// What iAdvize's tag does through a visitor's life, as docs/iadvize.md tells it, in a real Chromium with real tokens.

const { open } = await demoRun(t)
const views = (page: Page) => page.locator('#views li')
const chatLog = (page: Page) => shop(page).locator('.chat-log')

t.test('anonymous, log-in, reload, the end of the session, log-out, another visitor', async (t) => {
  const page = await open(t)
  await write(page, 'Is the vase still there?')
  await card(page).getByText('Is the vase still there?').waitFor()
  t.match(await card(page).innerText(), /Anonymous visitor[\s\S]*Not logged in/)
  t.equal(await views(page).count(), 0, 'and no token was asked for')

  await logIn(page, 'Jane')
  await card(page).getByText('Identity verified').waitFor()
  await card(page).getByText('Is the vase still there?').waitFor()
  t.match(await card(page).innerText(), /Jane Doe/, 'what was said before the log-in is hers now')
  t.equal(await views(page).count(), 1)

  await page.getByRole('button', { name: 'Reload' }).click()
  await views(page).nth(1).waitFor()
  await card(page).getByText('Is the vase still there?').waitFor()
  await shop(page).getByRole('button', { name: 'Chat with us' }).click()
  await chatLog(page).getByText('Is the vase still there?').waitFor()

  await page.getByRole('button', { name: 'An hour later' }).click()
  await views(page).nth(2).waitFor()
  t.match(await views(page).first().innerText(), /All pieces, again[\s\S]*Jane Doe[\s\S]*Padlock/)
  t.equal(await chatLog(page).isVisible(), true, 'in the open page, where the chat stays open')

  await shop(page).getByRole('button', { name: 'Log out' }).click()
  await card(page).getByText('Nobody here').waitFor()
  t.notMatch(await card(page).innerText(), /Jane|vase/)
  t.equal(await page.locator('#way').isVisible(), false)
  await shop(page).getByRole('button', { name: 'Chat with us' }).click()
  await shop(page).getByText('You are not logged in').waitFor()
  t.equal(await chatLog(page).innerText(), '')

  await logIn(page, 'Amadou')
  await card(page).getByText('Amadou Diallo').waitFor()
  t.notMatch(await card(page).innerText(), 'vase')
  await shop(page).getByRole('button', { name: 'Log out' }).click()
  await logIn(page, 'Jane')
  await card(page).getByText('Is the vase still there?').waitFor()
  t.match(await card(page).innerText(), 'Jane Doe')
})

t.test('an earlier conversation of the userId goes on, not the anonymous one', async (t) => {
  const page = await open(t)
  await logIn(page, 'Lin')
  await card(page).getByText('Lin Wei').waitFor()
  await write(page, 'My bowl has a crack.')
  await shop(page).getByRole('button', { name: 'Log out' }).click()
  await card(page).getByText('Nobody here').waitFor()
  await write(page, 'Do you ship to Ghent?')
  await logIn(page, 'Lin')
  await card(page).getByText('My bowl has a crack.').waitFor()
  t.notMatch(await card(page).innerText(), 'Ghent')
})

t.test('where the shop’s session is gone when iAdvize asks again, the chat goes', async (t) => {
  const page = await open(t)
  await logIn(page, 'Jane')
  await card(page).getByText('Identity verified').waitFor()
  await shop(page).getByRole('button', { name: 'Chat with us' }).waitFor()
  await page.context().clearCookies({ name: 'session' })
  page.removeAllListeners('console')
  await page.getByRole('button', { name: 'An hour later' }).click()
  await shop(page).getByRole('button', { name: 'Chat with us' }).waitFor({ state: 'detached' })
  t.pass()
})

t.test('one userId for all visitors: one reads what another wrote, until the alarm', async (t) => {
  const page = await open(t)
  await page.getByRole('button', { name: 'One userId for all' }).click()
  await card(page).getByText('Jane Doe').waitFor()
  await card(page).getByText('Rue du Port').waitFor()
  await card(page).getByText('Amadou Diallo').waitFor()
  await card(page).getByText('Identity verified').waitFor()
  await chatLog(page).getByText('It is Jane. My new address is 8 Rue du Port.').waitFor()
  t.match(await shop(page).locator('.account').innerText(), 'Amadou Diallo')
  await card(page).getByText('user_id_shared').waitFor()
  t.match(await card(page).innerText(), /No padlock[\s\S]*Lin Wei/)
  await page.locator('[data-step="request"] summary').click()
  const alarm = await page.getByRole('group', { name: 'Alarm, in Padlock’s metrics' }).innerText()
  t.match(alarm, /padlock_shared_user_id_alarm\{profile="three-visitors"\} 1\b/)
  await page.getByRole('status').getByText('raises the alarm').waitFor()
  t.match(await card(page).innerText(), /The tag tried 4 times/, 'and asks no more')

  await page.getByRole('button', { name: 'One userId for all' }).click()
  await card(page).getByText('Jane Doe').waitFor()
  t.pass('and it can be shown again')
})
