import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { issueFirstToken } from '../../src/dev/first-token.ts'

// Asks Padlock for a token as a shop's backend would, shows it to the recipient, and tells what that made of it.
const { values } = parseArgs({ options: { 'caller-token': { type: 'string' } } })
const { PADLOCK_URL, PADLOCK_DEV_RECIPIENT_URL } = process.env
if (!PADLOCK_URL || !PADLOCK_DEV_RECIPIENT_URL || !values['caller-token']) {
  console.error('Give PADLOCK_URL, PADLOCK_DEV_RECIPIENT_URL and --caller-token FILE.')
  process.exit(2)
}
const callerToken = (await readFile(values['caller-token'], 'utf8')).trim()
const { issued, receipt } = await issueFirstToken(PADLOCK_URL, callerToken, PADLOCK_DEV_RECIPIENT_URL)
console.log(`The recipient accepted a token that version ${issued.keyVersion} of the key signed. Its claims:`)
console.log(JSON.stringify(receipt.accepted && receipt.claims, null, 2))
