import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CompactEncrypt, CompactSign, exportJWK } from 'jose'
import t from 'tap'
import { type RecipientOptions, startRecipient } from '../../dev/recipient.ts'
import { rsaKeyFile } from '../../dev/rsa-key-file.ts'

const dir = t.testdir({})
const keyFile = join(dir, 'made', 'recipient.pem')
const publicKeyFile = join(dir, 'customer.pem')
const customer = generateKeyPairSync('rsa', { modulusLength: 2048 })
await writeFile(publicKeyFile, customer.publicKey.export({ type: 'spki', format: 'pem' }))

async function start(options: Partial<RecipientOptions> = {}) {
  const recipient = await startRecipient({ keyFile, customerKeys: { publicKeyFile }, port: 0, ...options })
  t.teardown(() => recipient.close())
  return recipient
}
const recipient = await start()

async function token(): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  const claims = JSON.stringify({ iss: 'shop', exp, 'https://iadvize.com/userId': 'u1' })
  const jws = await new CompactSign(new TextEncoder().encode(claims))
    .setProtectedHeader({ alg: 'RS256' })
    .sign(customer.privateKey)
  return new CompactEncrypt(new TextEncoder().encode(jws))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
    .encrypt(createPublicKey(recipient.publicKeyPem))
}

async function post(url: string, type: string, body: string) {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  return { status: answer.status, body: await answer.json() }
}

t.test('listens on the loopback alone', async (t) => {
  t.match(recipient.url, /^http:\/\/127\.0\.0\.1:\d+$/)
})

t.test('takes a token as text, as JSON, and as curl -d sends it', async (t) => {
  const good = await token()
  for (const [type, body] of [
    ['text/plain', good],
    ['text/plain; charset=utf-8', `${good}\n`],
    ['application/json', JSON.stringify({ token: good })],
    ['application/x-www-form-urlencoded', good],
  ] as const) {
    t.match(await post(recipient.url, type, body), { status: 200, body: { accepted: true } }, type)
  }
})

t.test('answers 200 to what is no token too', async (t) => {
  for (const [type, body] of [
    ['text/plain', 'hello'],
    ['application/json', '{}'],
    ['application/json', '{"token":7}'],
    ['application/json', 'null'],
  ] as const) {
    t.match(await post(recipient.url, type, body), { status: 200, body: { reason: 'malformed_token' } }, body)
  }
})

t.test('gives its health and its public key', async (t) => {
  t.same(await (await fetch(`${recipient.url}/health`)).json(), { status: 'ok' })
  t.equal(await (await fetch(`${recipient.url}/public-key.pem`)).text(), recipient.publicKeyPem)
})

t.test("reads the customer's keys from a JWKS, anew for each token", async (t) => {
  let keys = [await exportJWK(customer.publicKey)]
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys })))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { url } = await start({ customerKeys: { jwksUrl } })
  t.match(await post(url, 'text/plain', await token()), { body: { accepted: true } })
  keys = []
  t.match(await post(url, 'text/plain', await token()), { body: { reason: 'signature_invalid' } })
})

t.test("says that the customer's keys cannot be read", async (t) => {
  const { url } = await start({ customerKeys: { publicKeyFile: join(dir, 'none.pem') } })
  t.match(await post(url, 'text/plain', await token()), { status: 503, body: { error: /cannot be read/ } })
})

t.test('says which variable to set when its port is in use', async (t) => {
  const port = Number(new URL(recipient.url).port)
  await t.rejects(start({ port }), {
    message: `Port ${port} is in use: stop what listens there, or set PADLOCK_DEV_RECIPIENT_PORT to a free port.`,
  })
})

t.test('the key file is made once, for its owner alone', async (t) => {
  const pem = await readFile(keyFile, 'utf8')
  t.match(pem, /^-----BEGIN PRIVATE KEY-----/)
  t.equal((await stat(keyFile)).mode & 0o777, 0o600)
  t.equal((await rsaKeyFile(keyFile)).publicKeyPem, recipient.publicKeyPem)
  t.equal(await readFile(keyFile, 'utf8'), pem)
})

t.test('a key file that holds no RSA key of 2,048 bits is named', async (t) => {
  const pem = (key: ReturnType<typeof createPublicKey>) => key.export({ type: 'pkcs8', format: 'pem' })
  await mkdir(join(dir, 'bad'))
  for (const content of [
    'hello',
    pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
    pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  ]) {
    const file = join(dir, 'bad', 'key.pem')
    await writeFile(file, content)
    await chmod(file, 0o600)
    await t.rejects(rsaKeyFile(file), { message: new RegExp(`^${file} does not hold an RSA private key`) })
  }
})
