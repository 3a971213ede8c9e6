import { visit } from 'jsonc-parser'

/** Whether any object of a JSON text has one name twice, of which JSON.parse keeps the last. */
export function duplicateName(json: string): boolean {
  const open: Set<string>[] = []
  let found = false
  visit(json, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectProperty(name) {
      const names = open.at(-1)
      if (names?.has(name)) found = true
      names?.add(name)
    },
    onObjectEnd: () => void open.pop(),
  })
  return found
}
