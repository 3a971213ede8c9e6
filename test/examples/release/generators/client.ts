// A client by openapi-typescript's types: it prints a token, and what an answer without one says.
import createClient from 'openapi-fetch'
import type { components, paths } from './openapi.d.ts'

const [, , baseUrl = '', jwt = ''] = process.argv
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${jwt}` } })
const issue = async (body: components['schemas']['TokenRequest']) => {
  const params = { path: { profile: 'default' } }
  const { data, error } = await client.POST('/v1/profiles/{profile}/tokens', { params, body })
  const code: components['schemas']['ErrorCode'] | undefined = error?.code
  const faults: components['schemas']['FieldErrorCode'][] = (error?.errors ?? []).map((fault) => fault.code)
  return { token: data?.token, code, faults }
}
// @ts-expect-error: no such property
await issue({ userId: 'u-1', visitorData: { extId: 'x' } })
const good = await issue({ userId: 'customer-8714', visitorData: { firstName: 'Jane' } })
console.log(JSON.stringify({ good, bad: await issue({ userId: 'undefined' }) }))
