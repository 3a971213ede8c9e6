import type { VaultClient } from '../src/vault/client/client.ts'

/** `aud` of the callers' JWTs in development. */
export const callerAudience = 'padlock'
const role = 'padlock-caller'
const user = 'shop-backend'

/** Who issues the callers' JWTs in development. */
export interface CallerIssuer {
  issuer: string
  jwksUrl: string
}

/** The issuer that Vault's identity engine is at an address. */
export function callerIssuer(vaultAddress: string): CallerIssuer {
  const issuer = `${vaultAddress}/v1/identity/oidc`
  return { issuer, jwksUrl: `${issuer}/.well-known/keys` }
}

/**
 * Makes Vault's identity engine the issuer of callers' JWTs and gets one: a JWT for a user of userpass, with
 * `scope` `issue:*`, valid for 23 hours (Vault API, "Identity Tokens"). Development only; run again, it only
 * makes another JWT.
 *
 * @param password of the user that is made for it; random where it is needed once
 * @throws VaultError as the client does
 */
export async function issueCallerToken(
  client: VaultClient,
  token: string,
  password: string,
): Promise<string> {
  const as = { token }
  await client.write(
    'identity/oidc/key/padlock-callers',
    {
      algorithm: 'RS256',
      allowed_client_ids: [callerAudience],
      verification_ttl: '24h',
      rotation_period: '24h',
    },
    as,
  )
  await client.write(
    `identity/oidc/role/${role}`,
    { key: 'padlock-callers', ttl: '23h', client_id: callerAudience, template: '{"scope":"issue:*"}' },
    as,
  )
  await client.write(
    'sys/policies/acl/padlock-caller',
    { policy: `path "identity/oidc/token/${role}" {\n  capabilities = ["read"]\n}\n` },
    as,
  )
  // A root token stands for no entity, and an identity token is an entity's.
  const mounts = (await client.read('sys/auth', as)) as { data: Record<string, unknown> }
  if (!('userpass/' in mounts.data)) {
    await client.write('sys/auth/userpass', { type: 'userpass' }, as)
  }
  await client.write(`auth/userpass/users/${user}`, { password, token_policies: ['padlock-caller'] }, as)
  const login = (await client.write(`auth/userpass/login/${user}`, { password })) as {
    auth: { client_token: string }
  }
  const answer = await client.read(`identity/oidc/token/${role}`, { token: login.auth.client_token })
  return (answer as { data: { token: string } }).data.token
}
