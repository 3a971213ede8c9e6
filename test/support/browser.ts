import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { findOnPath } from '../../tools/vault/executable.ts'

/** Starts a real headless Chromium (Debian's package `chromium`), which ends with the test. */
export async function testBrowser(t: Pick<Test, 'teardown'>): Promise<Browser> {
  const executablePath = await findOnPath('chromium', process.env)
  if (executablePath === undefined) {
    throw new Error(
      'No chromium on PATH: install it (Debian: apt-get install chromium), then run the tests again.',
    )
  }
  const browser = await chromium.launch({
    executablePath,
    // As root, as CI often is, Chromium does not start with its sandbox.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-sync',
    ],
  })
  t.teardown(() => browser.close())
  return browser
}
