import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** One fenced block of the README: its language, its name, its text. */
export interface Block {
  language: string
  name: string
  text: string
}

export const readme = new URL('../../README.md', import.meta.url)

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A script of a page, for a bash in which `padlock` is this checkout's. */
export const withPadlock = (script: string): string =>
  `padlock() { '${process.execPath}' '${main}' "$@"; }\n${script}`

/** Every fenced block of a page, by the name behind its language, or by the language where it has none. */
export async function blocksOf(page: URL): Promise<Map<string, Block>> {
  const text = await readFile(page, 'utf8')
  const blocks = new Map<string, Block>()
  for (const [, language = '', given = '', body = ''] of text.matchAll(
    /^```(\w+)(?: ([\w.-]+))?\n(.*?)^```$/gms,
  )) {
    const name = given || language
    if (blocks.has(name)) {
      throw new Error(`${page.pathname} has two blocks named ${name}`)
    }
    blocks.set(name, { language, name, text: body })
  }
  return blocks
}

/** The text of one block of the README, or of another page. */
export async function block(name: string, page = readme): Promise<string> {
  const found = (await blocksOf(page)).get(name)
  if (found === undefined) {
    throw new Error(`${page.pathname} has no block named ${name}`)
  }
  return found.text
}
