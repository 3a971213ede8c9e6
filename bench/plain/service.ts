import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fastifyJwt from '@fastify/jwt'
import fastify from 'fastify'
import { CompactEncrypt, importSPKI, SignJWT } from 'jose'
import nodeVault from 'node-vault'

// What one would write in an afternoon instead of Padlock: a Fastify route with node-vault and jose. With
// PLAIN_SIGNING_KEY it signs with a private key in memory, as the price of safety to compare with.
const env = process.env as Record<string, string>
const app = fastify()
const vault = nodeVault({ endpoint: env.VAULT_ADDR as string, token: env.VAULT_TOKEN as string })
const recipientKey = await importSPKI(readFileSync(env.PLAIN_RECIPIENT_KEY as string, 'utf8'), 'RSA-OAEP-256')
const localKey = env.PLAIN_SIGNING_KEY ? createPrivateKey(readFileSync(env.PLAIN_SIGNING_KEY)) : undefined

await app.register(fastifyJwt, {
  secret: { public: readFileSync(env.PLAIN_CALLER_KEY as string, 'utf8'), private: '' },
  verify: { algorithms: ['RS256'], allowedIss: env.PLAIN_CALLER_ISSUER as string, allowedAud: 'padlock' },
})

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function sign(claims: Record<string, unknown>): Promise<string> {
  if (localKey) {
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(localKey)
  }
  const input = `${base64url({ alg: 'RS256' })}.${base64url(claims)}`
  const { data } = await vault.write(`transit/sign/${env.PLAIN_KEY}/sha2-256`, {
    input: Buffer.from(input).toString('base64'),
    signature_algorithm: 'pkcs1v15',
    marshaling_algorithm: 'jws',
  })
  return `${input}.${data.signature.split(':')[2]}`
}

app.post(
  '/tokens',
  {
    onRequest: (request) => request.jwtVerify(),
    schema: {
      body: {
        type: 'object',
        required: ['userId'],
        properties: { userId: { type: 'string', maxLength: 255 } },
      },
    },
  },
  async (request) => {
    const { userId } = request.body as { userId: string }
    const exp = Math.floor(Date.now() / 1000) + 60
    const jws = await sign({ iss: 'https://shop.test', exp, 'https://iadvize.com/userId': userId })
    const token = await new CompactEncrypt(new TextEncoder().encode(jws))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(recipientKey)
    return { token }
  },
)

console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
