import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { DCLinter } from 'dclint'
import t from 'tap'
import { parse } from 'yaml'
import { freePort } from '../dev/free-port.ts'
import { findVaultBinary } from '../tools/vault/vault-binary.ts'
import {
  type ComposeService,
  composeFile,
  nativeText,
  readCompose,
  startOrder,
  withoutProfiles,
} from './support/compose.ts'
import { composeRun } from './support/compose-run.ts'
import { imageBuilder } from './support/image.ts'

const run = promisify(execFile)
const whole = await readCompose()
/** what is started without a profile */
const file = withoutProfiles(whole)
const services = Object.entries(file.services)

// Packages are installed and folders copied, which takes its time on a busy machine.

t.test('the linter of Compose files, the specification’s schema included, finds nothing', async (t) => {
  // The file is in the order in which things start and are read; the linter would sort it by name.
  const rules = { 'service-keys-order': 0, 'services-alphabetical-order': 0, 'top-level-properties-order': 0 }
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] } as never)
  const [result] = await linter.lintFiles([composeFile], false)
  t.strictSame(result?.messages, [])
})

t.test('every service is hardened, and only this machine reaches it', async (t) => {
  for (const [name, service] of Object.entries(whole.services)) {
    t.equal(service.read_only, true, `${name}: read-only`)
    t.strictSame(service.cap_drop, ['ALL'], `${name}: no capabilities`)
    t.strictSame(service.security_opt, ['no-new-privileges:true'], `${name}: no new privileges`)
    for (const port of service.ports ?? []) {
      t.match(port, /^127\.0\.0\.1:/, `${name}: ${port}`)
    }
  }
})

t.test('Vault is the official image, of the version that tools/vault pins', async (t) => {
  const module = await readFile(join(composeFile, '../tools/vault/go.mod'), 'utf8')
  const version = /github\.com\/hashicorp\/vault v(\S+)/.exec(module)?.[1]
  t.equal(file.services.vault?.image, `hashicorp/vault:${version}`)
  t.match(file.services.vault?.volumes, ['audit-log:/vault/logs'])
})

t.test('each target is built once, under one name', async (t) => {
  const built = services.flatMap(([, { image, build }]) => (build ? [[image, build.target]] : []))
  t.strictSame(built.sort(), [
    ['padlock', 'production'],
    ['padlock-development', 'development'],
  ])
})

t.test('the services start in an order that gives each what it needs', async (t) => {
  const order = startOrder(file.services)
  const before = (first: string, second: string) =>
    t.ok(order.indexOf(first) < order.indexOf(second), `${first} before ${second}`)
  for (const name of ['vault', 'recipient']) {
    before(name, 'prepare')
  }
  before('prepare', 'setup')
  before('setup', 'padlock')
  before('padlock', 'first-token')
  t.equal(file.services.padlock?.depends_on?.setup?.condition, 'service_completed_successfully')
})

t.test('with its profile, Prometheus and Grafana come up on the files of ops', async (t) => {
  const root = join(composeFile, '..')
  const { prometheus, grafana, padlock } = whole.services
  t.strictSame(startOrder(whole.services).slice(-2), ['prometheus', 'grafana'])
  t.strictSame([prometheus?.profiles, grafana?.profiles], [['observability'], ['observability']])
  for (const { image } of [prometheus, grafana] as ComposeService[]) {
    t.match(image, /:v?\d+\.\d+\.\d+$/)
  }
  /** where a file of the container is here */
  const here = (path: string, service?: ComposeService) => {
    for (const volume of service?.volumes ?? []) {
      const [from, to] = volume.split(':') as [string, string]
      if (path === to || path.startsWith(`${to}/`)) {
        return join(root, from, path.slice(to.length))
      }
    }
    throw new Error(`nothing is mounted at ${path}`)
  }
  const yaml = async (path: string) => parse(await readFile(path, 'utf8'))
  const portOf = (service?: ComposeService) => service?.ports?.[0]?.split(':').at(-1)

  const config = prometheus?.command?.[0]?.replace('--config.file=', '') as string
  await t.resolves(run('promtool', ['check', 'config', here(config, prometheus)]))
  const { scrape_configs } = await yaml(here(config, prometheus))
  t.strictSame(scrape_configs[0].static_configs[0].targets, [`padlock:${portOf(padlock)}`])

  const provisioning = here('/etc/grafana/provisioning', grafana)
  const { datasources } = await yaml(join(provisioning, 'datasources/prometheus.yml'))
  t.equal(datasources[0].url, `http://prometheus:${portOf(prometheus)}`)
  const { providers } = await yaml(join(provisioning, 'dashboards/padlock.yml'))
  const home = grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH as string
  t.equal(dirname(home), providers[0].options.path)
  t.equal(JSON.parse(await readFile(here(home, grafana), 'utf8')).uid, 'padlock')
})

t.test('its commands with its variables lead to a token that the recipient accepts', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'padlock-compose-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const folders: Record<string, string> = {}
  for (const name of Object.keys(file.volumes)) {
    folders[name] = join(folder, 'volumes', name)
    await mkdir(folders[name], { recursive: true })
  }
  const ports: Record<string, number> = {}
  for (const [name, service] of services) {
    if (service.ports) {
      ports[name] = await freePort(0, '127.0.0.1')
    }
  }
  const here = nativeText(file, ports, folders)
  const build = await imageBuilder(join(folder, 'images'))
  const images = { padlock: await build('production'), 'padlock-development': await build('development') }
  const { path: vault } = await findVaultBinary()
  const compose = composeRun(file, here, images, { vault })
  t.teardown(async () => {
    for (const [name] of services.toReversed()) {
      await compose.stop(name)
    }
  })

  await compose.up()
  t.match(compose.output['first-token'], /The recipient accepted a token that version 1/)
  t.match(compose.output['first-token'], /"iss": "https:\/\/shop\.example"/)
  t.match(compose.output['first-token'], /"https:\/\/iadvize\.com\/userId"/)

  t.test('the audit log and the credentials are on their volumes', async (t) => {
    const log = await readFile(join(folders['audit-log'] as string, 'audit.log'), 'utf8')
    t.match(log, 'transit/sign/padlock-default/sha2-256')
    t.strictSame((await readdir(folders.credentials as string)).sort(), ['role-id', 'secret-id'])
    const { mode } = await stat(join(folders.credentials as string, 'secret-id'))
    t.equal(mode & 0o777, 0o600)
  })

  t.test('the first token is on record in the issuance log', async (t) => {
    t.match(compose.output.padlock, /^\{"event":"asked",/m)
    t.match(compose.output.padlock, /^\{"event":"issued",/m)
  })

  t.test('no service wrote the root token or the secret_id anywhere', async (t) => {
    const secretId = (await readFile(join(folders.credentials as string, 'secret-id'), 'utf8')).trim()
    for (const [name, text] of Object.entries(compose.output)) {
      t.notMatch(text, secretId, name)
      if (name !== 'vault') {
        t.notMatch(text, 'development-only', name)
      }
    }
  })

  t.test('a second start changes nothing in Vault', async (t) => {
    await compose.up()
    t.match(compose.output.setup, 'Nothing to change.')
    t.match(compose.output['first-token'], 'The recipient accepted a token')
  })

  t.test('a start on a Vault that forgot everything sets it up again', async (t) => {
    await compose.stop('padlock')
    await compose.stop('vault')
    await compose.up()
    t.match(compose.output['first-token'], 'The recipient accepted a token that version 1')
  })
})
