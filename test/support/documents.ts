import { readFile } from 'node:fs/promises'

/** The text of one named block of code of a page in `docs/`: ```` ```bash stage ```` is named `stage`. */
export async function docsBlock(page: string, name: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const found = [...text.matchAll(/^```\w+ ([\w.-]+)\n(.*?)^```$/gms)].filter(([, given]) => given === name)
  if (found.length !== 1) {
    throw new Error(`docs/${page} has ${found.length} blocks named ${name}`)
  }
  return found[0]?.[2] as string
}
