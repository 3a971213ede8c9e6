import { runSetup } from '../../commands/setup/run.ts'
import type { Environment, Preparation } from '../environment.ts'
import { recipientKey } from '../recipient-key.ts'
import { type Demo, startDemo } from './server.ts'
import { briefProfile } from './shop-backend.ts'

/** Makes the profile whose tokens live two seconds, on the key of profile `default`. */
export const prepareDemo: Preparation = async (client, rootToken, recipientKeyPem) => {
  await runSetup(client, rootToken, {
    profile: briefProfile,
    issuer: 'https://shop.example',
    recipientKey: recipientKeyPem,
    signingKey: 'padlock-default',
    tokenTtlSeconds: 2,
    transitMount: 'transit',
    kvMount: 'secret',
  })
}

/** Starts the demo on what `make run` starts. @throws Error with one sentence that says what to do */
export async function startDemoOn(environment: Environment, port: number): Promise<Demo> {
  const { padlock, vault, callerToken, recipientKeyFile } = environment
  const { privateKey } = await recipientKey(recipientKeyFile)
  const { address, rootToken, auditLog } = vault
  if (auditLog === undefined) throw new Error('The demo needs the audit log of the development Vault.')
  return startDemo({
    padlockUrl: padlock.url,
    callerToken,
    privateKey,
    jwksUrl: `${padlock.url}/v1/profiles/default/jwks.json`,
    vault: { address, rootToken, auditLog },
    port,
  })
}
