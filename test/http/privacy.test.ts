import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { testRole } from '../support/app-role.ts'
import { otlpReceiver } from '../support/otlp-receiver.ts'
import { answerOf } from '../support/problem.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { startService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const backend = await testBackend(t)
const { api, auditLog, dir, rootToken } = backend.vault
const role = await testRole(backend.vault, 'padlock')
const secretId = await role.secretId()
const issuanceLog = join(dir, 'issuance.log')
const collector = await otlpReceiver(t)
const { VAULT_TOKEN: _, ...env } = backend.env
const service = await startService(
  t,
  { ...backend, env },
  {
    PADLOCK_LOG_LEVEL: 'debug',
    PADLOCK_VAULT_AUTH: 'approle',
    PADLOCK_VAULT_ROLE_ID: role.roleId,
    PADLOCK_VAULT_SECRET_ID: secretId,
    PADLOCK_ISSUANCE_LOG: issuanceLog,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  },
)
/** What stands for a visitor's data, a secret, or a caller's token, wherever it is sent. */
const canary = 'Canary7f3a'
const secret = await service.callers.token({ email: `${canary}@shop.test`, jti: canary, name: canary })
const authorization = `Bearer ${secret}`

/** What a text looks like inside base64, wherever in it the text begins. */
const base64Of = (text: string) =>
  [0, 1, 2].map((before) => {
    const whole = Buffer.from('?'.repeat(before) + text).toString('base64url')
    return whole.slice(Math.ceil((before * 4) / 3), -2)
  })

t.test('a request stands in the log by what can be told of it', async (t) => {
  const answer = await answerOf(await service.issue({ userId: canary }, { headers: { authorization } }))
  const { auditId } = JSON.parse(answer.body)
  const line = await service.logged({ auditId })
  t.match(line, {
    msg: 'request',
    profile: 'default',
    sub: 'shop-backend',
    keyVersion: 1,
    status: 200,
    method: 'POST',
  })
  t.match(line, { durationMs: Number, signMs: Number, reqId: String })
})

t.test('nothing that was sent stands in a log, a metric, a trace, or the answer to a refusal', async (t) => {
  const bodies = [
    { userId: canary },
    {
      userId: canary,
      visitorData: { email: `${canary}@shop.test`, address: `1 rue ${canary}\nNantes`, city: canary },
    },
    { userId: ` ${canary}` },
    { userId: `<${canary}>` },
    { userId: `${canary}\0` },
    { userId: canary.repeat(30) },
    { userId: 'u-1', visitorData: { city: `${canary}\n`, email: canary.repeat(30) } },
    { userId: [canary] },
    `{"userId":"${canary}"`,
    `{"userId":"${canary}","userId":"${canary}"}`,
    `${canary}`,
  ]
  for (const body of bodies) {
    const answer = await answerOf(await service.issue(body, { headers: { authorization } }))
    if (answer.status !== 200) {
      t.notMatch(answer.body, canary, JSON.stringify(body))
    }
  }
  const headers = {
    'user-agent': canary,
    referer: `https://${canary}`,
    cookie: `id=${canary}`,
    'x-forwarded-for': canary,
    tracestate: `a=${canary}`,
    baggage: `userId=${canary}`,
  }
  await service.issue({ userId: canary }, { headers: { ...headers, authorization } })
  for (const bad of [`Bearer ${canary}`, `Basic ${canary}`, `${authorization}x`]) {
    const answer = await answerOf(
      await service.issue({ userId: canary }, { headers: { authorization: bad } }),
    )
    t.notMatch(answer.body, canary)
  }
  for (const path of [
    `/${canary}`,
    `/v1/profiles/${canary}/tokens?userId=${canary}`,
    `/v1/profiles/default/tokens?email=${canary}`,
    `/v1/profiles/${canary.toLowerCase()}/jwks.json`,
    `/v1/profiles/%zz${canary}/tokens`,
    `/v1/profiles/default/public-key.pem?version=${canary}`,
  ]) {
    for (const method of ['GET', 'POST', 'BREW']) {
      const lines = [
        `${method} ${path} HTTP/1.1`,
        'Host: a',
        `Authorization: ${authorization}`,
        'Connection: close',
      ]
      for (const { body } of await sendRaw(service.url, [`${lines.join('\r\n')}\r\n\r\n`])) {
        t.notMatch(body, canary, path)
      }
    }
  }
  for (const broken of [
    `${canary}\r\n\r\n`,
    `GET / HTTP/1.1\r\n${canary} : ${canary}\r\n\r\n`,
    rawPost([`Authorization: ${authorization}`, 'Transfer-Encoding: chunked'], canary),
  ]) {
    for (const { body } of await sendRaw(service.url, [broken, null])) {
      t.notMatch(body, canary)
    }
  }
  const { token } = (await (await service.issue({ userId: canary })).json()) as { token: string }
  await api('PUT', 'sys/seal')
  const answer = await answerOf(
    await service.issue({ userId: canary }, { headers: { ...headers, authorization } }),
  )
  t.equal(answer.status, 503)
  t.notMatch(answer.body, canary)
  const exported = () => Buffer.concat(collector.exports.map(({ body }) => body)).toString('latin1')
  await until(() => ['encrypt', 'unauthenticated', 'vault_'].every((part) => exported().includes(part)))
  const places = {
    metrics: await (await fetch(`${service.url}/metrics`)).text(),
    ready: await (await fetch(`${service.url}/health/ready`)).text(),
    log: JSON.stringify(service.log),
    'the issuance log': await readFile(issuanceLog, 'utf8'),
    traces: exported(),
    "Vault's audit log": await readFile(auditLog, 'utf8'),
  }
  t.match(places["Vault's audit log"], 'transit/sign/padlock-default')
  t.match(places['the issuance log'], 'padlock-default')
  const secrets = {
    'what was sent': canary,
    ...Object.fromEntries(base64Of(canary).map((text, i) => [`in base64, ${i} bytes from a bound`, text])),
    "the caller's token": secret.split('.')[2] as string,
    'the Vault token': rootToken,
    'the secret_id': secretId,
    'a token': token.split('.')[3] as string,
  }
  for (const [where, text] of Object.entries(places)) {
    for (const [what, value] of Object.entries(secrets)) {
      t.notOk(text.toLowerCase().includes(value.toLowerCase()), `${what} stands in ${where}`)
    }
  }
})
