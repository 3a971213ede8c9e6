import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { withDigestsLast } from '../../src/cli/program.ts'
import { padlock as program } from '../../src/commands/commands.ts'
import { profileCommands } from '../support/profiles.ts'
import { runCommandLine } from '../support/terminal.ts'

const main = join(import.meta.dirname, '../../src/main.ts')
const commands = await profileCommands(t)
const env = { ...commands.env, PATH: process.env.PATH }
await commands.create('shop')

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs the program itself. */
async function padlock(args: string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  try {
    const result = await promisify(execFile)(process.execPath, [main, ...args], {
      env: { ...env, ...variables },
    })
    return { code: 0, ...result }
  } catch (error) {
    return error as Ended
  }
}

/** Runs a line of bash in which `padlock` is the program. */
function shell(line: string) {
  const script = `padlock() { '${process.execPath}' '${main}' "$@"; }\n${line}`
  return promisify(execFile)('bash', ['--norc', '-uc', script], { env })
}

/** The path of every command: nouns, and verbs with and without one. */
const paths = Object.entries(program.commands).flatMap(([name, entry]) =>
  'verbs' in entry ? [[name], ...Object.keys(entry.verbs).map((verb) => [name, verb])] : [[name]],
)
const helpOf = async (...args: string[]) => (await runCommandLine({}, args)).stdout

t.test('every command has help with examples and its exit codes', async (t) => {
  for (const path of paths) {
    const help = await helpOf(...path, '--help')
    t.match(help, new RegExp(`^Usage: padlock ${path.join(' ')} `), path.join(' '))
    t.match(help, new RegExp(`\nExamples:\n( {2}.*\n)*? {2}.*padlock ${path[0]}`), path.join(' '))
    t.match(help, /\nExit codes: 0 /, path.join(' '))
  }
  const { code, stdout } = await padlock(['--help'])
  t.equal(code, 0)
  t.match(stdout, /\nExamples:\n.*\nExit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 Vault/s)
  for (const [name, ...verb] of paths.filter((path) => path.length === 1)) {
    t.match(stdout, `\n  ${name} `, verb.join(' '))
  }
})

t.test('help goes before, behind and between the words', async (t) => {
  for (const path of paths) {
    const help = await helpOf(...path, '--help')
    const [first = '', ...rest] = path
    t.equal(await helpOf('help', ...path), help, `help ${path.join(' ')}`)
    t.equal(await helpOf(first, 'help', ...rest), help, `${first} help ${rest.join(' ')}`)
    t.equal(await helpOf(...path, '-h'), help)
  }
  t.equal(await helpOf('help'), await helpOf('--help'))
})

t.test('usage: what is unknown is named, and the near one suggested', async (t) => {
  for (const [args, stderr] of [
    [[], /Usage: padlock/],
    [['profil'], /unknown command 'profil'\n\(Did you mean profile\?\)/],
    [['setup', '--isuer', 'x'], /Did you mean --issuer/],
    [['help', 'profil'], /Did you mean profile/],
    [['profil', '--help'], /Did you mean profile/],
    [['hlep', 'profile'], /Did you mean help/],
    [['verion'], /Did you mean version/],
    [['token', 'inspct', '-h'], /Did you mean inspect/],
  ] as [string[], RegExp][]) {
    t.match(await padlock(args), { code: 2, stdout: '', stderr }, args.join(' '))
  }
  for (const [args, stderr] of [
    [[], /Usage: padlock profile/],
    [['lst'], /Did you mean list/],
    [['lst', '--help'], /Did you mean list/],
    [['list', '--outptu', 'json'], /unknown option '--outptu'\n\(Did you mean --output\?\)/],
    [['list', '--output', 'xml'], /Allowed choices are table, json/],
    [['show', 'shop', 'other'], /too many arguments/],
    [['delete', '--confrm', 'shop', 'shop'], /Did you mean --confirm/],
  ] as [string[], RegExp][]) {
    t.match(await commands.profile(args), { exitCode: 2, stdout: '', stderr }, args.join(' '))
  }
})

t.test('exit codes of the program: done, not found, usage, no Vault', async (t) => {
  t.match(await padlock(['profile', 'show', 'shop']), { code: 0, stderr: '' })
  t.match(await padlock(['profile', 'show', 'none']), {
    code: 1,
    stdout: '',
    stderr: /^error: There is no profile/,
  })
  t.match(await padlock(['profile', 'show', 'shop'], { VAULT_TOKEN: '' }), { code: 2 })
  const away = { VAULT_ADDR: 'http://127.0.0.1:9' }
  t.match(await padlock(['profile', 'list', '--output', 'json'], away), {
    ...{
      code: 3,
      stdout: '',
      stderr: /Reading the profiles: Vault cannot be reached \(ECONNREFUSED\).*VAULT_ADDR/,
    },
  })
  t.match(await padlock(['profile', 'show', 'shop'], { VAULT_TOKEN: 'nonsense' }), {
    code: 1,
    stderr: /denied.*the policy padlock-operator/,
  })
  const { version } = program
  t.match(await padlock(['--version']), { code: 0, stdout: `${version}\n` })
  t.match(await padlock(['version']), { code: 0, stdout: `padlock  ${version}\n` })
  const { node } = process.versions
  t.match(JSON.parse((await padlock(['version', '-o', 'json'])).stdout), { version, node })
})

t.test('a reader that goes away is no error, and what was begun is done', async (t) => {
  const status = 'echo "$PIPESTATUS"'
  const help = await shell(`padlock profile update --help | head -n 1; ${status}`)
  t.match(help, { stdout: /^Usage: padlock profile update .*\n0\n$/, stderr: '' })
  const update = await shell(`padlock profile update shop --set jti=true --yes | true; ${status}`)
  t.equal(update.stdout, '0\n')
  t.equal((await commands.stored('shop')).data.jti, true)
})

t.test('no colour reaches what is no terminal; at one, NO_COLOR keeps it away', async (t) => {
  const colours = '\u001b['
  t.notMatch((await padlock(['profile', 'validate'])).stdout, colours)
  const typescript = (variables: string) =>
    shell(
      `script -qec "env TERM=xterm-256color ${variables} '${process.execPath}' '${main}' profile validate" /dev/null`,
    )
  t.match((await typescript('COLORTERM=truecolor')).stdout, colours)
  t.notMatch((await typescript('NO_COLOR=1')).stdout, colours)
})

t.test('Ctrl-C and Ctrl-D at a question change nothing', async (t) => {
  const before = await commands.stored('shop')
  for (const key of ['\u0003', '\u0004']) {
    const line = `'${process.execPath}' '${main}' profile update shop --set tokenTtlSeconds=77`
    const child = execFile('script', ['-qec', line, '/dev/null'], { env: { ...env, TERM: 'xterm' } })
    let seen = ''
    let asked = false
    child.stdout?.on('data', (text: string) => {
      seen += text
      if (asked || !seen.includes('[y/N]')) {
        return
      }
      asked = true
      child.stdin?.write(key)
    })
    const [code] = await once(child, 'exit')
    t.equal(code, 1)
    t.match(seen, /Nothing was changed\./)
  }
  t.same(await commands.stored('shop'), before)
})

t.test('a digest that begins with a hyphen is an argument', async (t) => {
  const digest = `-${'a'.repeat(42)}`
  t.same(withDigestsLast(['remove', 'shop', digest, '--yes']), ['remove', 'shop', '--yes', '--', digest])
  t.same(withDigestsLast(['find', digest, '--log', 'a', '--', 'b']), [
    'find',
    '--log',
    'a',
    '--',
    digest,
    'b',
  ])
  t.same(withDigestsLast(['show', '--output', 'json']), ['show', '--output', 'json'])
  const outcome = await padlock(['recipient', 'remove', 'shop', digest, '--yes'])
  t.match(outcome, { code: 1, stderr: /no such recipient key/ })
})
