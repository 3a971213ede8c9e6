import type { Environment } from '../environment.ts'
import { rsaKeyFile } from '../rsa-key-file.ts'
import { type Demo, startDemo } from './server.ts'

/** Starts the demo on what `make run` starts. @throws Error with one sentence that says what to do */
export async function startDemoOn(environment: Environment, port: number): Promise<Demo> {
  const { padlock, vault, callerToken, recipientKeyFile } = environment
  const { privateKey } = await rsaKeyFile(recipientKeyFile)
  const { address, rootToken, auditLog } = vault
  if (auditLog === undefined) {
    throw new Error('The demo needs the audit log of the development Vault.')
  }
  return startDemo({
    padlockUrl: padlock.url,
    callerToken,
    privateKey,
    jwksUrl: `${padlock.url}/v1/profiles/default/jwks.json`,
    vault: { address, rootToken, auditLog },
    port,
  })
}
