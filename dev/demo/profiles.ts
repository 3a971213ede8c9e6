import { runSetup } from '../../src/commands/setup/run.ts'
import { parseRecipientKey } from '../../src/keys/recipient-key.ts'
import type { ProfileSettings } from '../../src/token/profile.ts'
import { clientWithToken } from '../../src/vault/client/client.ts'
import { ProfileStore } from '../../src/vault/profiles/profile-store.ts'
import type { Preparation } from '../environment.ts'

/** The profile whose tokens live two seconds, so that nobody has to wait for one to expire. */
export const briefProfile = 'two-seconds'

/** The profile that refuses a userId once a third visitor comes with it, so that nobody has to load 300 pages. */
export const sharedIdProfile = 'three-visitors'

/** Makes both profiles, on the key of profile `default`. */
export const prepareDemo: Preparation = async (client, rootToken, recipientKeyPem) => {
  const lives = { [briefProfile]: 2, [sharedIdProfile]: 60 }
  for (const [profile, tokenTtlSeconds] of Object.entries(lives)) {
    await runSetup(client, rootToken, {
      profile,
      issuer: 'https://shop.example',
      recipientKey: parseRecipientKey(recipientKeyPem),
      signingKey: 'padlock-default',
      tokenTtlSeconds,
      transitMount: 'transit',
      kvMount: 'secret',
    })
  }
  const store = new ProfileStore(clientWithToken(client, rootToken), 'secret')
  const { value, version } = await store.read(sharedIdProfile)
  const sharedUserId = { share: 0.002, minimum: 3, refuse: true }
  await store.write(sharedIdProfile, { ...(value as ProfileSettings), sharedUserId }, version)
}
