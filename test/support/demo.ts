import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { testBrowser } from './browser.ts'
import { type DevRun, devRun } from './dev-run.ts'

const images = join(import.meta.dirname, '../../docs/images')

/** `make demo` with a browser before it. */
export interface DemoRun {
  run: DevRun
  env: NodeJS.Dict<string>
  url: string
  browser: Browser
  /** A page of the demo; whatever it asks for elsewhere, and whatever goes wrong in it, fails the test. */
  open(t: Test, options?: BrowserContextOptions): Promise<Page>
}

/** Starts `make demo` and a browser; both end with the test. */
export async function demoRun(t: Pick<Test, 'teardown'>): Promise<DemoRun> {
  const run = await devRun(t, {}, ['demo'])
  const env = await run.env()
  const url = /Open (http:\S+) in a browser/.exec(run.output())?.[1] as string
  const browser = await testBrowser(t)
  return {
    ...{ run, env, url, browser },
    async open(t, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 1000 },
        locale: 'en-GB',
        ...options,
      })
      context.setDefaultTimeout(90_000)
      t.teardown(() => context.close())
      const page = await context.newPage()
      page.on('request', (it) => {
        if (new URL(it.url()).origin !== url) {
          t.fail(it.url())
        }
      })
      page.on('pageerror', (error) => t.fail(error.message))
      page.on('console', (it) => {
        // The visitor's page warns where there is no token; the browser of the 503 and of iAdvize's 403, as a shop sees them.
        if (it.type() === 'error' && !/503|403/.test(it.text())) {
          t.fail(it.text())
        }
      })
      await page.goto(url)
      return page
    },
  }
}

export const shop = (page: Page) => page.frameLocator('#shop')
export const card = (page: Page): Locator => page.locator('#card')
export const step = (page: Page, name: string): Locator => page.locator(`[data-step="${name}"]`)

/** Logs a visitor in, by first name, and waits until the tag has shown a token that iAdvize accepts. */
export async function logIn(page: Page, name: string): Promise<void> {
  await shop(page).getByRole('button', { name }).click()
  await shop(page).getByText('Logged in as').waitFor()
  await shop(page).getByRole('button', { name: 'Chat with us' }).waitFor()
}

/** Unfolds a step. @returns its values */
export async function unfold(page: Page, name: string): Promise<Locator> {
  await step(page, name).locator('summary').click()
  return step(page, name).locator('pre')
}

/** Opens the chat of the shop's page, writes in it, and waits until it is there. */
export async function write(page: Page, text: string): Promise<void> {
  await shop(page).getByRole('button', { name: 'Chat with us' }).click()
  await shop(page).getByLabel('Your message', { exact: true }).fill(text)
  await page.keyboard.press('Enter')
  await shop(page).getByRole('listitem').getByText(text).waitFor()
}

/** Takes a picture for the README, where UPDATE_SCREENSHOTS=1 asks for it. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.UPDATE_SCREENSHOTS === '1') {
    await mkdir(images, { recursive: true })
    await page.screenshot({ path: join(images, `${name}.png`) })
  }
}
