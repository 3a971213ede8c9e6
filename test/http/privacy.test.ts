import t from 'tap'
import { answerOf } from '../support/problem.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { testService } from '../support/service.ts'

const service = await testService(t, { PADLOCK_LOG_LEVEL: 'debug' })
/** What stands for a visitor's data, a secret, or a caller's token, wherever it is sent. */
const canary = 'Canary7f3a'
const secret = await service.callers.token({ email: `${canary}@shop.test`, jti: canary, name: canary })
const authorization = `Bearer ${secret}`

t.test('nothing that was sent stands in the log, in a metric, or in the answer to a refusal', async (t) => {
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
    if (answer.status !== 200) t.notMatch(answer.body, canary, JSON.stringify(body))
  }
  const headers = {
    'user-agent': canary,
    referer: `https://${canary}`,
    cookie: `id=${canary}`,
    'x-forwarded-for': canary,
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
      for (const { body } of await sendRaw(service.url, [`${lines.join('\r\n')}\r\n\r\n`]))
        t.notMatch(body, canary, path)
    }
  }
  for (const broken of [
    `${canary}\r\n\r\n`,
    `GET / HTTP/1.1\r\n${canary} : ${canary}\r\n\r\n`,
    rawPost([`Authorization: ${authorization}`, 'Transfer-Encoding: chunked'], canary),
  ]) {
    for (const { body } of await sendRaw(service.url, [broken, null])) t.notMatch(body, canary)
  }
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  const ready = await (await fetch(`${service.url}/health/ready`)).text()
  const log = JSON.stringify(service.log)
  const secrets = {
    'what was sent': canary,
    'in base64': Buffer.from(canary).toString('base64').slice(0, 12),
    "the caller's token": secret.split('.')[2] as string,
    'the Vault token': service.vault.rootToken,
  }
  for (const [where, text] of Object.entries({ metrics, ready, log })) {
    for (const [what, value] of Object.entries(secrets)) {
      t.notOk(text.toLowerCase().includes(value.toLowerCase()), `${what} stands in ${where}`)
    }
  }
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
