import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

/** Writes a program, its folder included. @returns its path */
export async function place(path: string, content: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  await chmod(path, 0o755)
  return path
}

/** A home of its own, a bin folder as the whole PATH, and what a program's making logged. */
export function machine(t: Test) {
  const home = t.testdir({ bin: {} })
  const lines: string[] = []
  const env: NodeJS.ProcessEnv = { HOME: home, PATH: join(home, 'bin'), GOFLAGS: '-mod=vendor' }
  return {
    env,
    lines,
    log: (line: string) => lines.push(line),
    bin: (name: string) => join(home, 'bin', name),
    /** what a script there wrote down of its calls */
    calls: (name: string) => readFile(join(home, `${name}.log`), 'utf8'),
  }
}
