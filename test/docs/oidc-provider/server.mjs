// A small real identity provider: it gives the client `shop-backend` access tokens for Padlock, by client credentials.
import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'

const [, , port, secret, life] = process.argv
const issuer = `http://127.0.0.1:${port}`
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const resource = 'https://padlock.internal'

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'k-1' }] },
  scopes: ['issue:default'],
  clients: [
    {
      client_id: 'shop-backend',
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope: 'issue:default',
        audience: 'padlock',
        accessTokenFormat: 'jwt',
        accessTokenTTL: Number(life),
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
})
provider.listen(Number(port), '127.0.0.1')
