import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pMap from 'p-map'
import type { Test } from 'tap'
import { keyRunner, operatorToken } from './key-command.ts'
import { testBackend } from './service.ts'
import { vaultStandIn } from './vault-stand-in.ts'

/** `unsent`: the call never reaches Vault; `unanswered`: Vault does what it says, and nobody learns of it. */
interface Break {
  at: number
  how: 'unsent' | 'unanswered'
}

/** A command that is killed, and what shall stand in Vault once it was run again. */
export interface Scenario {
  command: string
  /** how many versions the key has before, and what the profile pins */
  versions: number
  pin: Record<string, unknown>
  args(name: string): Promise<string[]> | string[]
  key: Record<string, unknown>
  settings: Record<string, unknown>
  /** runs at once: one for a command that looks at all profiles, whose number must stay as it is */
  atOnce?: number
}

const main = join(import.meta.dirname, '../../src/main.ts')
const longAgo = '2026-01-01T00:00:00.000Z'
const moved = ['signingKeyVersion', 'previousSigningKeyVersion', 'activatedAt', 'activatedBy', 'changedBy']

/** A Vault on which key commands are killed at each of their calls; see `kills`. */
export async function brokenOff(t: Pick<Test, 'teardown'>) {
  const { vault, addProfile } = await testBackend(t)
  const { api } = vault
  // `retire` looks at all profiles: there shall be the one that a run is about.
  await api('DELETE', 'secret/metadata/padlock/profiles/default')
  const token = await operatorToken(vault)
  const run = keyRunner(vault, token)
  const keyOf = async (name: string) => (await api('GET', `transit/keys/padlock-${name}`)).body.data
  const profileOf = async (name: string) =>
    (await api('GET', `secret/data/padlock/profiles/${name}`)).body.data
  const forget = (name: string) => api('DELETE', `secret/metadata/padlock/profiles/${name}`)

  /** Runs a command as a process that is killed at one of its calls to Vault. */
  async function killedAt(t: Test, args: string[], { at, how }: Break): Promise<void> {
    const stand = await vaultStandIn(t, vault.address)
    let calls = 0
    const reached = new Promise<void>((resolve) => {
      stand.answer = async (call) => {
        calls += 1
        if (calls < at) {
          return call.forward()
        }
        if (how === 'unanswered') {
          await call.forward()
        }
        resolve()
        return new Promise(() => {})
      }
    })
    const env = { PATH: process.env.PATH, VAULT_ADDR: stand.address, VAULT_TOKEN: token, HOME: vault.dir }
    const child = spawn(process.execPath, [main, 'key', ...args], { env, stdio: 'ignore' })
    const ended = once(child, 'exit')
    await Promise.race([reached, ended])
    child.kill('SIGKILL')
    t.strictSame(await ended, [null, 'SIGKILL'], 'it had not ended by itself')
  }

  /** Where a command can be killed: at each of its calls, and where one changes something, before and after that. */
  async function breaksOf(t: Test, args: string[]): Promise<Break[]> {
    const stand = await vaultStandIn(t, vault.address)
    const outcome = await keyRunner({ ...vault, address: stand.address }, token)(args)
    t.equal(outcome.exitCode, 0, outcome.stderr)
    return stand.calls.flatMap(({ method }, index): Break[] => {
      const unsent: Break = { at: index + 1, how: 'unsent' }
      return method === 'GET' ? [unsent] : [unsent, { ...unsent, how: 'unanswered' }]
    })
  }

  /** Kills a command at each of its calls, each time on a profile of its own, and runs it again. */
  async function kills(t: Test, { command, versions, pin, args, key, settings, atOnce = 3 }: Scenario) {
    async function newProfile(name: string): Promise<string[]> {
      await addProfile(name, { activatedAt: longAgo, ...pin })
      for (let version = 2; version <= versions; version += 1) {
        await api('POST', `transit/keys/padlock-${name}/rotate`)
      }
      return args(name)
    }
    const breaks = await breaksOf(t, await newProfile(`${command}-whole`))
    t.ok(breaks.length > 1)
    await forget(`${command}-whole`)
    await pMap(
      breaks,
      async (where) => {
        const name = `${command}-${where.how}-${where.at}`
        const given = await newProfile(name)
        const before = { key: await keyOf(name), profile: await profileOf(name) }
        await killedAt(t, given, where)
        const outcome = await run(given)
        t.equal(outcome.exitCode, 0, `${where.how} ${where.at}: ${outcome.stderr}`)
        const after = { key: await keyOf(name), profile: await profileOf(name) }
        t.match(after.key, key)
        t.match(after.key.keys, before.key.keys, 'no version is lost')
        t.match(after.profile.data, settings)
        const others = Object.entries(after.profile.data).filter(([field]) => !moved.includes(field))
        t.match(before.profile.data, Object.fromEntries(others), 'and nothing else of the profile')
        t.ok(after.profile.metadata.version <= 2, 'nothing is written twice')
        await forget(name)
      },
      { concurrency: atOnce },
    )
    t.comment(`key ${command}: killed ${breaks.length} times`)
  }

  return { vault, keyOf, kills }
}
