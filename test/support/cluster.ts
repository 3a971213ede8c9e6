import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { stringify } from 'yaml'
import { freePort } from '../../dev/free-port.ts'
import { endingWithParent } from '../../dev/vault-process.ts'
import type { KubernetesProgram } from '../../tools/kubernetes/programs.ts'
import { certificateMaker, type MadeCertificate } from './made-certificates.ts'

/** `iss` of the tokens of service accounts, as on a cluster that kubeadm makes. */
export const clusterIssuer = 'https://kubernetes.default.svc.cluster.local'

/** A Kubernetes without nodes: etcd, the API server and the controllers. No pod runs on it. */
export interface Cluster {
  /** `https://127.0.0.1:<port>` of the API server */
  url: string
  /** folder of this cluster alone, removed when it ends */
  dir: string
  /** the CA of the API server's certificate */
  ca: MadeCertificate
  /** variables for programs that read a kubeconfig: the administrator's */
  env: Record<string, string>
  /** Runs a program as the administrator, in the cluster's folder. @returns its standard output */
  output(program: KubernetesProgram, ...args: string[]): Promise<string>
  kubectl(...args: string[]): Promise<string>
  /** Runs lines of a page in a shell, in the cluster's folder, with these programs and variables. */
  shell(script: string, env?: Record<string, string>): Promise<{ stdout: string; stderr: string }>
  /** What kubectl prints of objects with `--output json`. */
  // biome-ignore lint/suspicious/noExplicitAny: an object has its kind's own form.
  get(...args: string[]): Promise<any>
}

/** Absolute path of a program that `make test-kubernetes` has built. */
export function kubernetesProgram(name: KubernetesProgram | 'crds'): string {
  const folder = process.env.KUBERNETES_PROGRAMS
  if (!folder) {
    throw new Error('KUBERNETES_PROGRAMS is not set: run "make test-kubernetes", which builds them.')
  }
  return join(folder, name)
}

/**
 * Starts a cluster on the loopback, with certificates and keys of its own, and waits until it is ready. It ends with the
 * test, however that ends.
 *
 * @throws Error with a server's last lines where it ends before
 */
export async function startCluster(t: Pick<Test, 'teardown'>): Promise<Cluster> {
  const dir = await mkdtemp(join(tmpdir(), 'padlock-cluster-'))
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  const certificates = await certificateMaker(t)
  const ca = await certificates.make('ca', { ca: true })
  const { certFile, keyFile } = await certificates.make('server', { by: ca })
  const token = randomBytes(24).toString('base64url')
  const port = await freePort(0, '127.0.0.1')
  const url = `https://127.0.0.1:${port}`
  const env = await writeLogin(dir, url, ca.certFile, token)
  const etcd = await etcdArgs(dir, { ca: ca.certFile, certFile, keyFile })
  const servers = [
    await startServer(t, dir, 'etcd', etcd.args),
    await startServer(t, dir, 'kube-apiserver', [
      ...['--bind-address=127.0.0.1', `--secure-port=${port}`, '--endpoint-reconciler-type=none'],
      ...[`--tls-cert-file=${certFile}`, `--tls-private-key-file=${keyFile}`, '--cert-dir', dir],
      ...[`--etcd-servers=${etcd.url}`, `--etcd-cafile=${ca.certFile}`],
      ...[`--etcd-certfile=${certFile}`, `--etcd-keyfile=${keyFile}`],
      ...[
        '--token-auth-file=tokens.csv',
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.96.0.0/24',
      ],
      ...[`--service-account-issuer=${clusterIssuer}`, '--service-account-key-file=accounts.pem'],
      ...[
        '--service-account-signing-key-file=accounts.pem',
        `--service-account-jwks-uri=${url}/openid/v1/jwks`,
      ],
      // So that a privileged pod meets pod security, and not this switch.
      '--allow-privileged',
    ]),
  ]
  const execute = (file: string, args: string[], more: Record<string, string> = {}) => {
    const PATH = [dir, process.env.KUBERNETES_PROGRAMS, process.env.PATH].join(delimiter)
    return promisify(execFile)(file, args, { cwd: dir, env: { PATH, ...env, ...more }, maxBuffer: 2 ** 24 })
  }
  const output = async (program: KubernetesProgram, ...args: string[]) =>
    (await execute(kubernetesProgram(program), args)).stdout
  const kubectl = (...args: string[]) => output('kubectl', ...args)
  const shell: Cluster['shell'] = (script, more) => execute('bash', ['--norc', '-euc', script], more)
  const ready = () => kubectl('get', '--raw=/readyz').then(String, () => '')
  while (!(await ready()).startsWith('ok')) {
    await Promise.all(servers.map((server) => server.check()))
    await sleep(250)
  }
  // The controllers that change what a test looks at; all of them would keep the machine busy.
  const controllers = [
    'deployment',
    'replicaset',
    'disruption',
    'serviceaccount',
    'namespace',
    'garbage-collector',
  ]
  await startServer(t, dir, 'kube-controller-manager', [
    ...['--kubeconfig=kubeconfig', '--leader-elect=false', '--secure-port=0'],
    `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
  ])
  const get = async (...args: string[]) => JSON.parse(await kubectl('get', ...args, '--output=json'))
  return { url, dir, ca, env, output, kubectl, shell, get }
}

/** Writes the administrator's login for the server and for its clients. @returns variables for programs */
async function writeLogin(dir: string, url: string, caFile: string, token: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await writeFile(join(dir, 'accounts.pem'), pem, { mode: 0o600 })
  await writeFile(join(dir, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
  await writeFile(join(dir, 'kubeconfig'), stringify(kubeconfig), { mode: 0o600 })
  return { KUBECONFIG: join(dir, 'kubeconfig'), HOME: dir }
}

async function etcdArgs(dir: string, files: { ca: string; certFile: string; keyFile: string }) {
  const [client, peer] = [await freePort(0, '127.0.0.1'), await freePort(0, '127.0.0.1')]
  const [url, peerUrl] = [`https://127.0.0.1:${client}`, `https://127.0.0.1:${peer}`]
  const tls = (prefix: string) => [
    ...[`--${prefix}cert-file=${files.certFile}`, `--${prefix}key-file=${files.keyFile}`],
    ...[`--${prefix}trusted-ca-file=${files.ca}`, `--${prefix}client-cert-auth`],
  ]
  const args = [
    ...[`--data-dir=${join(dir, 'etcd')}`, '--name=test', '--unsafe-no-fsync'],
    ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`, ...tls('')],
    ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`, ...tls('peer-')],
    `--initial-cluster=test=${peerUrl}`,
  ]
  return { url, args }
}

/** Starts a server that ends with the test. Its `check` throws once it has ended. */
async function startServer(t: Pick<Test, 'teardown'>, dir: string, name: KubernetesProgram, args: string[]) {
  const [command, ...words] = await endingWithParent([kubernetesProgram(name), ...args])
  const logFile = join(dir, `${name}.log`)
  const log = await open(logFile, 'w')
  const child: ChildProcess = spawn(command as string, words, {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir },
    stdio: ['ignore', log.fd, log.fd],
    // Its own group: Ctrl-C in a terminal reaches only the test, which then ends it.
    detached: true,
  })
  await log.close()
  const ended = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  t.teardown(async () => {
    process.off('exit', kill)
    // What it holds is thrown away.
    kill()
    await ended
  })
  return {
    async check() {
      if (child.exitCode !== null || child.signalCode !== null) {
        const lines = (await readFile(logFile, 'utf8')).trim().split('\n')
        throw new Error(`${name} has ended:\n${lines.slice(-15).join('\n')}`)
      }
    },
  }
}
