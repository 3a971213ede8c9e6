import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

/** One thing that axe-core finds fault with. */
export interface AxeFault {
  /** axe-core's name of the rule */
  rule: string
  impact: string
  /** CSS selectors of what breaks it, with its frames before it */
  where: string[]
}

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * Looks at a page and its frames with axe-core, by all its rules.
 *
 * @returns every violation; the Content-Security-Policy of the page does not stop it
 */
export async function axeFaults(page: Page): Promise<AxeFault[]> {
  for (const frame of page.frames()) {
    await frame.evaluate(source)
  }
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { target: string[] }[] }[]
  }
  return violations.map(({ id, impact, nodes }) => ({
    rule: id,
    impact,
    where: nodes.map(({ target }) => target.join(' > ')),
  }))
}
