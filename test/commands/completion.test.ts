import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { padlock } from '../../src/commands/commands.ts'
import { runCommandLine } from '../support/terminal.ts'

const run = promisify(execFile)
const folder = t.testdir({ 'iadvize key.pub': '', 'iadvize.pem': '', other: '' })
const paths = Object.entries(padlock.commands).flatMap(([name, entry]) =>
  'verbs' in entry ? [[name], ...Object.keys(entry.verbs).map((verb) => [name, verb])] : [[name]],
)

/** A shell's script, as a file that it reads. */
async function scriptOf(shell: string): Promise<string> {
  const { exitCode, stdout } = await runCommandLine({}, ['completion', shell])
  t.equal(exitCode, 0)
  const file = join(folder, shell)
  writeFileSync(file, stdout)
  return file
}

const forBash = await scriptOf('bash')
/** What bash offers, once for each of these lines; the last word of a line is what has been typed of the next. */
async function offered(...lines: string[][]): Promise<string[][]> {
  const asked = lines.map((words) => `ask ${words.map((word) => `'${word}'`).join(' ')}`)
  const script = `set -u; source '${forBash}'
    ask() { COMP_WORDS=(padlock "$@"); COMP_CWORD=$#; _padlock padlock "\${!#}"; (IFS=$'\\t'; echo "\${COMPREPLY[*]:-}"); }
    ${asked.join('\n')}`
  const { stdout } = await run('bash', ['--norc', '-c', script], { cwd: folder })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').filter(Boolean))
}

t.test('bash offers every noun, verb and flag that the commands themselves have', async (t) => {
  const roots = [...Object.keys(padlock.commands), 'help']
  t.strictSame(await offered([''], ['ver'], ['--v']), [roots, ['version'], ['--version']])
  const flags = await offered(...paths.map((path) => [...path, '--']))
  for (const [index, path] of paths.entries()) {
    const { stdout } = await runCommandLine({}, [...path, '--help'])
    const ofHelp = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag)
    t.strictSame(flags[index]?.toSorted(), ofHelp.toSorted(), path.join(' '))
    const entry = padlock.commands[path[0] as string]
    if (path.length === 1 && entry !== undefined && 'verbs' in entry) {
      t.strictSame(await offered([...path, '']), [Object.keys(entry.verbs)])
    }
  }
})

t.test('bash offers the values of a flag: of a list, files, or none', async (t) => {
  t.strictSame(
    await offered(
      ['key', 'list', 'shop', '--output', ''],
      // Bash's own words of --output=j.
      ['key', 'list', '--output', '=', 'j'],
      ['key', 'list', '--output', '='],
      ['key', 'list', '--kv-mount', ''],
      ['completion', ''],
      ['recipient', 'add', 'shop', 'iad'],
      ['profile', 'create', 'shop', '--recipient-key', 'iadvize.'],
      ['help', 'key', 'st'],
      ['key', 'lost', 'l'],
    ),
    [
      ['table', 'json'],
      ['json'],
      ['table', 'json'],
      [],
      ['bash', 'zsh', 'fish'],
      ['iadvize key.pub', 'iadvize.pem'],
      ['iadvize.pem'],
      ['stage'],
      ['list'],
    ],
  )
})

t.test('bash calls it for padlock, and its own parser finds nothing', async (t) => {
  const { stdout, stderr } = await run('bash', ['--norc', '-c', `source '${forBash}'; complete -p padlock`])
  t.strictSame([stdout, stderr], ['complete -F _padlock padlock\n', ''])
})

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0

t.test('zsh reads it, and describes what it offers', { skip: !has('zsh') && 'no zsh here' }, async (t) => {
  // Zsh completes at a terminal alone: its own functions are stood in for.
  const stubs = `compdef() { :; }; compset() { :; }; _files() { print files; }; _describe() { print -l -- "\${(@P)2}"; }
    source '${await scriptOf('zsh')}'; ask() { words=(padlock "$@"); CURRENT=$#words; _padlock; }`
  const { stdout } = await run('zsh', ['-f', '-c', `${stubs}\nask key ''; ask recipient add shop ''`])
  const verbs = Object.entries((padlock.commands.key as { verbs: Record<string, { summary: string }> }).verbs)
  t.equal(stdout, `${verbs.map(([verb, { summary }]) => `${verb}:${summary}`).join('\n')}\nfiles\n`)
})

t.test('fish completes with it', { skip: !has('fish') && 'no fish here' }, async (t) => {
  const lines = ['key st', 'version --output=j', 'help key l']
  const asked = lines.map((line) => `complete -C 'padlock ${line}'`).join('; ')
  const { stdout } = await run('fish', ['--no-config', '-c', `source '${await scriptOf('fish')}'; ${asked}`])
  t.match(stdout, /^stage\tmake the next version.*\n--output=json\t.*\nlist\tthe versions.*\n$/)
})

t.test('as JSON for programs; a shell that it does not know is a wrong usage', async (t) => {
  const { stdout } = await runCommandLine({}, ['completion', 'fish', '-o', 'json'])
  t.match(JSON.parse(stdout), { shell: 'fish', script: /^# padlock's completion for fish/ })
  t.match(await runCommandLine({}, ['completion', 'tcsh']), { exitCode: 2, stderr: /bash, zsh, fish/ })
})
