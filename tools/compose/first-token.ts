import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { issueFirstToken } from '../../dev/first-token.ts'
import { oneShot, waitingFor } from './waiting.ts'

// Asks Padlock for a token as a shop's backend would, shows it to the recipient, and reports what that made of it.
const { values } = parseArgs({ options: { 'caller-token': { type: 'string' } } })
const { PADLOCK_URL, PADLOCK_DEV_RECIPIENT_URL } = process.env
const callerTokenFile = values['caller-token']
if (!PADLOCK_URL || !PADLOCK_DEV_RECIPIENT_URL || !callerTokenFile) {
  console.error('Give PADLOCK_URL, PADLOCK_DEV_RECIPIENT_URL and --caller-token FILE.')
  process.exit(2)
}
await oneShot(async () => {
  const { issued, receipt } = await waitingFor(`a token from Padlock at ${PADLOCK_URL}`, async () => {
    // Read again: after a restart, the caller's JWT is made again beside this.
    const callerToken = (await readFile(callerTokenFile, 'utf8')).trim()
    return issueFirstToken(PADLOCK_URL, callerToken, PADLOCK_DEV_RECIPIENT_URL)
  })
  console.log(
    `The recipient accepted a token that version ${issued.keyVersion} of the key signed. Its claims:`,
  )
  console.log(JSON.stringify(receipt.accepted && receipt.claims, null, 2))
})
