import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'
import { keycloakVersion } from '../../tools/idp/keycloak.ts'

/** A Keycloak in development mode, for a test alone. */
export interface Keycloak {
  url: string
  /** folder of this Keycloak alone, removed with all in it when it ends */
  dir: string
  /** folder of its programs: kcadm.sh */
  bin: string
  adminPassword: string
  /** Calls `/admin/realms/<path>` of the admin REST API as the administrator. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever Keycloak sent.
  admin(method: string, path: string, body?: object): Promise<any>
}

/**
 * Stops Keycloak and removes its folder when standard input ends, as it does however the test's process ends. What bash
 * itself would write could meet a pipe that nobody reads any more.
 */
const keeper = `
set -m
{ unzip -q "$1" -d "$2" && exec "$2"/*/bin/kc.sh "\${@:3}"; } </dev/null &
keycloak=$!
exec >/dev/null 2>&1
{ cat; kill -- -$keycloak; sleep 30; kill -KILL -- -$keycloak; } &
wait $keycloak
rm -rf "$2"
kill -KILL -- -$!
`

/**
 * Starts the Keycloak of KEYCLOAK_ZIP on the loopback, with data of its own, and waits until it answers. It ends with
 * the test.
 *
 * @throws Error with Keycloak's last lines where it does not start
 */
export async function startKeycloak(t: Pick<Test, 'teardown'>): Promise<Keycloak> {
  const zip = process.env.KEYCLOAK_ZIP
  if (!zip) {
    throw new Error('KEYCLOAK_ZIP is not set: run "make test-idp", which gets Keycloak.')
  }
  const port = await freePort(0, '127.0.0.1')
  const url = `http://127.0.0.1:${port}`
  const adminPassword = randomBytes(18).toString('base64url')
  const dir = await mkdtemp(join(tmpdir(), 'padlock-keycloak-'))
  const options = ['start-dev', '--http-host=127.0.0.1', `--http-port=${port}`, '--cache=local']
  const child = spawn('bash', ['--norc', '-c', keeper, 'keeper', zip, dir, ...options], {
    env: {
      ...{ PATH: process.env.PATH, JAVA_HOME: process.env.JAVA_HOME, HOME: dir },
      ...{ KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword },
      // It runs for a minute or two: compiling well what runs once takes longer than it saves.
      JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
    },
    // Its own group: Ctrl-C in a terminal reaches only the test, whose end it sees.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.stdin.end()
    await ended
  })
  const lines: string[] = []
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => lines.push(line))
  }
  const answers = () =>
    fetch(`${url}/realms/master`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await answers())) {
    if (child.exitCode !== null) {
      throw new Error(`Keycloak did not start:\n${lines.slice(-20).join('\n')}`)
    }
    await sleep(250)
  }

  async function admin(method: string, path: string, body?: object) {
    // A login for each call: the administrator's token is good for a minute.
    const login = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'password', client_id: 'admin-cli' },
        ...{ username: 'admin', password: adminPassword },
      }),
    })
    const { access_token: token } = (await login.json()) as { access_token: string }
    const answer = await fetch(`${url}/admin/realms/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) {
      throw new Error(`Keycloak answers ${method} ${path} with ${answer.status}: ${text}`)
    }
    return text ? JSON.parse(text) : undefined
  }
  return { url, dir, bin: join(dir, `keycloak-${keycloakVersion}/bin`), adminPassword, admin }
}
