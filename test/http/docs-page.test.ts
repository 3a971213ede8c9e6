import t from 'tap'
import { testBrowser } from '../support/browser.ts'
import { testService } from '../support/service.ts'

t.test(
  'a person authorizes and issues a token on /docs, in a real browser that reaches nothing else',
  async (t) => {
    const service = await testService(t)
    const page = await (await testBrowser(t)).newPage()
    const faults: string[] = []
    const foreign: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:'))
        foreign.push(request.url())
    })
    const answer = await page.goto(`${service.url}/docs`)
    t.match(answer?.headers()['content-security-policy'], /^default-src 'none'; script-src 'self';/)
    t.notMatch(answer?.headers()['content-security-policy'], /unsafe/)

    await page.locator('.auth-wrapper .authorize').first().click()
    await page.locator('.auth-container input').fill(await service.callers.token())
    await page.locator('.auth-container button.authorize').click()
    await page.locator('.auth-container button.btn-done').click()

    const operation = page.locator('#operations-tokens-issueToken')
    await operation.locator('.opblock-summary').click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    await operation.locator('textarea').fill('{"userId":"customer-8714"}')
    await operation.getByRole('button', { name: 'Execute' }).click()
    const response = operation.locator('.live-responses-table .response')
    await response.waitFor()
    t.equal((await response.locator('.response-col_status').innerText()).trim().slice(0, 3), '200')
    t.match(await response.innerText(), /"auditId"/)
    t.strictSame(faults, [], 'nothing that the Content-Security-Policy stopped')
    t.strictSame(foreign, [], 'nothing from another address')
  },
)
