import { copyFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { policyText } from '../../src/vault/admin/policies.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { clusterIssuer, startCluster } from '../support/cluster.ts'
import { type Pod, waitForPods } from '../support/cluster-pods.ts'
import { docsBlock } from '../support/documents.ts'
import { backendWithKubernetes } from '../support/kubernetes-method.ts'
import { startService } from '../support/service.ts'

// The service account of ops/kubernetes logs in to a real Vault, as docs/kubernetes.md says, and Padlock issues a token.

const root = join(import.meta.dirname, '../..')
const [cluster, backend] = await Promise.all([startCluster(t), backendWithKubernetes(t)])
const { kubectl, get, dir } = cluster
const { vault } = backend
await vault.api('PUT', 'sys/policies/acl/padlock-signer', {
  policy: await policyText('signer', {
    ...{ transitMount: 'transit', kvMount: 'secret', appRoleMount: 'approle', appRoleName: 'padlock' },
  }),
})
// The cluster's folder is on its PATH.
await symlink(vault.binary, join(dir, 'vault'))
await copyFile(cluster.ca.certFile, join(dir, 'ca.crt'))
await copyFile(cluster.ca.certFile, join(dir, 'cluster-ca.crt'))

/** Runs a script in the cluster's folder, as an administrator of both. @returns what it prints */
const run = async (script: string): Promise<string> =>
  (await cluster.shell(script, { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken })).stdout

const block = (name: string) => docsBlock('kubernetes.md', name)
const create = (kind: string, name: string, ...more: string[]) => kubectl('create', kind, name, ...more)

await run(await block('namespace'))
await kubectl('apply', '--server-side', '--kustomize', join(root, 'ops/kubernetes/base'))
const [pod] = (await waitForPods(cluster, 'padlock', 3)) as [Pod]
const { envFrom } = pod.spec.containers[0]
const { data: variables } = await get('configmap', envFrom[0].configMapRef.name, '--namespace=padlock')

/** What kubelet would ask for and mount at PADLOCK_VAULT_JWT_FILE: a token that is bound to the pod. */
async function podToken(audience?: string, account = 'padlock'): Promise<string> {
  const volume = pod.spec.volumes.find(({ name }: { name: string }) => name === 'vault-login')
  const wanted = volume.projected.sources[0].serviceAccountToken
  const bound = ['--bound-object-kind=Pod', `--bound-object-name=${pod.metadata.name}`]
  const options = [`--audience=${audience ?? wanted.audience}`, `--duration=${wanted.expirationSeconds}s`]
  const binding = account === pod.spec.serviceAccountName ? bound : []
  return (await create('token', account, '--namespace=padlock', ...options, ...binding)).trim()
}

// The backend that calls Padlock is a service account as well: docs/caller-jwt.md.
await create('namespace', 'shop')
await create('serviceaccount', 'backend', '--namespace=shop')
await backend.addProfile('default', { callers: ['system:serviceaccount:shop:backend'] })
await run((await block('vault-outside')).replaceAll('https://api.cluster.example:6443', cluster.url))
const jwtFile = join(dir, 'vault-login')

/** Starts Padlock with the variables of the config map, at this machine's addresses. */
async function serve(t: Test, env: Record<string, string> = {}) {
  await writeFile(jwtFile, await podToken())
  const callers = parseEnv(await docsBlock('caller-jwt.md', 'service-account-env')) as Record<string, string>
  return startService(t, backend, {
    ...{ VAULT_TOKEN: '', PADLOCK_CALLER_PUBLIC_KEY_FILE: '' },
    ...variables,
    ...{ VAULT_ADDR: vault.address, VAULT_CACERT: '', PADLOCK_VAULT_JWT_FILE: jwtFile },
    ...{ ...callers, PADLOCK_CALLER_ISSUER: clusterIssuer, PADLOCK_CALLER_CACERT: cluster.ca.certFile },
    ...{ PADLOCK_CALLER_JWKS_URL: `${cluster.url}/openid/v1/jwks`, PADLOCK_ADMIN_PORT: '' },
    ...env,
  })
}

/** Gets a token by the page's command and reads it as iAdvize does. */
async function firstToken(t: Test, service: Awaited<ReturnType<typeof serve>>): Promise<void> {
  const jwt = await create('token', 'backend', '--namespace=shop', '--audience=padlock')
  await writeFile(join(dir, 'caller.jwt'), jwt.trim())
  // There is no pod to forward a port to.
  const [forward = '', ...command] = (await block('first-token')).split('\n')
  t.match(forward, /^kubectl port-forward --namespace padlock service\/padlock 3000:3000 &$/)
  const { token } = JSON.parse(await run(command.join('\n').replace('http://127.0.0.1:3000', service.url)))
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
}

const login = (mount: string, jwt: string) =>
  vault.api('POST', `auth/${mount}/login`, { role: 'padlock', jwt }, '')

t.test('the token is for Vault alone, for an hour, and bound to the pod', async (t) => {
  const claims = decodeJwt(await podToken())
  t.match(claims, { iss: clusterIssuer, aud: ['vault'], sub: 'system:serviceaccount:padlock:padlock' })
  t.match(claims['kubernetes.io'], { pod: { uid: pod.metadata.uid } })
  t.equal(Number(claims.exp) - Number(claims.iat), 3600)
  // The API server itself does not take it.
  await t.rejects(
    kubectl(
      'auth',
      'whoami',
      `--token=${await podToken()}`,
      '--kubeconfig=/dev/null',
      `--server=${cluster.url}`,
      `--certificate-authority=${cluster.ca.certFile}`,
    ),
  )
})

t.test('a Vault outside: by the cluster’s key set (JWT)', async (t) => {
  const service = await serve(t, { PADLOCK_VAULT_AUTH: 'jwt' })
  await firstToken(t, service)
  t.equal((await login('jwt', await podToken())).status, 200)
  t.equal((await login('jwt', await podToken('padlock'))).status, 400, 'a token for somebody else')
  t.equal((await login('jwt', await podToken('vault', 'default'))).status, 400, 'another service account')
})

t.test('a Vault inside: by the review of the token (Kubernetes)', async (t) => {
  await create('namespace', 'vault')
  await create('serviceaccount', 'vault', '--namespace=vault')
  // What Vault would find in its own pod.
  await writeFile(join(dir, 'reviewer.jwt'), (await create('token', 'vault', '--namespace=vault')).trim())
  const inside = `kubernetes_host=${cluster.url} kubernetes_ca_cert=@cluster-ca.crt token_reviewer_jwt=@reviewer.jwt`
  await run((await block('vault-inside')).replace('kubernetes_host=https://kubernetes.default.svc', inside))
  t.equal(variables.PADLOCK_VAULT_AUTH, 'kubernetes')
  const service = await serve(t)
  await firstToken(t, service)

  t.equal((await login('kubernetes', await podToken())).status, 200)
  t.equal((await login('kubernetes', await podToken('padlock'))).status, 403, 'a token for somebody else')
  const other = await podToken('vault', 'default')
  t.equal((await login('kubernetes', other)).status, 403, 'another service account')
  // Not one that was shown before: the API server remembers its answer for ten seconds.
  const left = await podToken()
  await kubectl('delete', 'pod', pod.metadata.name, '--namespace=padlock', '--now')
  t.equal((await login('kubernetes', left)).status, 403, 'a token of a pod that is gone')
  t.equal((await login('jwt', left)).status, 200, 'which the key set cannot tell')
})
