import t from 'tap'
import { axeFaults } from '../../support/axe.ts'
import { testBrowser } from '../../support/browser.ts'
import { testService } from '../../support/service.ts'

// Two browsers, and a page of a thousand parts to look at.

t.test(
  'a person authorizes and issues a token on /docs, in a real browser that reaches nothing else',
  async (t) => {
    const service = await testService(t)
    const page = await (await testBrowser(t)).newPage()
    const faults: string[] = []
    const foreign: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') {
        faults.push(message.text())
      }
    })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:')) {
        foreign.push(request.url())
      }
    })
    const answer = await page.goto(`${service.url}/docs`)
    t.match(answer?.headers()['content-security-policy'], /^default-src 'none'; script-src 'self';/)
    t.notMatch(answer?.headers()['content-security-policy'], /unsafe/)

    await page.locator('.auth-wrapper .authorize').first().click()
    // The header's whole value, as many paste it.
    await page.locator('.auth-container input').fill(`Bearer ${await service.callers.token()}`)
    await page.locator('.auth-container button.authorize').click()
    await page.locator('.auth-container button.btn-done').click()

    const operation = page.locator('#operations-tokens-issueToken')
    await operation.locator('.opblock-summary').click()
    await operation.getByRole('button', { name: 'Execute' }).click()
    const response = operation.locator('.live-responses-table .response')
    await response.waitFor()
    t.equal((await response.locator('.response-col_status').innerText()).trim().slice(0, 3), '200')
    t.match(await response.innerText(), /"auditId"/)
    t.strictSame(faults, [], 'nothing that the Content-Security-Policy stopped')
    t.strictSame(foreign, [], 'nothing from another address')
  },
)

t.test('the page has its own name and icon, `/` leads to it, and axe-core finds nothing in it', async (t) => {
  const service = await testService(t)
  const page = await (await testBrowser(t)).newPage()
  page.setDefaultTimeout(90_000)
  const answer = await page.goto(service.url)
  t.equal(answer?.url(), `${service.url}/docs`)
  t.equal(await page.title(), 'Padlock API')
  const icon = await page
    .locator('link[rel=icon]')
    .evaluate((link) => (link as unknown as { href: string }).href)
  t.match(await (await fetch(icon)).text(), '<svg')
  const operation = page.locator('#operations-tokens-issueToken')
  await operation.waitFor()
  t.strictSame(await axeFaults(page), [], 'folded')
  await page.locator('.auth-wrapper .authorize').first().click()
  await page.locator('.auth-container input').waitFor()
  t.strictSame(await axeFaults(page), [], 'the dialog for the JWT')
  await page.locator('.auth-container button.btn-done').click()
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Execute' }).click()
  await operation.locator('.live-responses-table .response').waitFor()
  t.strictSame(await axeFaults(page), [], 'unfolded, with an answer')
})
