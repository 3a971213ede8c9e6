import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const example = join(import.meta.dirname, '../../../examples/dotnet')

/** Prints what the grammar does not take. */
const parse = `
import sys, tree_sitter_c_sharp
from tree_sitter import Language, Parser
def check(node):
    if node.is_error or node.is_missing:
        print(sys.argv[1], node.start_point, node.text)
    for child in node.children:
        check(child)
source = open(sys.argv[1], "rb").read()
check(Parser(Language(tree_sitter_c_sharp.language())).parse(source).root_node)
`

// No SDK of .NET comes from the registries that the tests use. The parser comes from PyPI.
t.setTimeout(300_000)
t.test('the programs are C#, and say that they are not compiled', async (t) => {
  const venv = t.testdir()
  const python = join(venv, 'bin/python')
  await run('python3', ['-m', 'venv', venv])
  const packages = ['tree-sitter==0.26.1', 'tree-sitter-c-sharp==0.23.5']
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:']
  await run(python, [...install, ...packages])
  for (const name of ['PadlockTokens.cs', 'Program.cs']) {
    const { stdout } = await run(python, ['-c', parse, join(example, name)])
    t.equal(stdout, '', name)
    t.match(await readFile(join(example, name), 'utf8'), /^\/\/ Not compiled here/, name)
  }
  t.match(await readFile(join(example, 'README.md'), 'utf8'), 'Not compiled here')
})
