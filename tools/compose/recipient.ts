import { startRecipient } from '../../dev/recipient.ts'

// The recipient alone, which stands where iAdvize stands, until a signal ends it. Development only.
const {
  PADLOCK_URL,
  PADLOCK_DEV_RECIPIENT_HOST,
  PADLOCK_DEV_RECIPIENT_PORT,
  PADLOCK_DEV_RECIPIENT_KEY_FILE,
  PADLOCK_DEV_RECIPIENT_URL,
} = process.env
if (!PADLOCK_URL || !PADLOCK_DEV_RECIPIENT_KEY_FILE) {
  console.error('Give PADLOCK_URL and PADLOCK_DEV_RECIPIENT_KEY_FILE.')
  process.exit(2)
}
const recipient = await startRecipient({
  keyFile: PADLOCK_DEV_RECIPIENT_KEY_FILE,
  customerKeys: { jwksUrl: `${PADLOCK_URL}/v1/profiles/default/jwks.json` },
  host: PADLOCK_DEV_RECIPIENT_HOST || '127.0.0.1',
  port: Number(PADLOCK_DEV_RECIPIENT_PORT || 3100),
})
// Inside a container, its own address reaches nobody.
console.log(`The recipient listens at ${PADLOCK_DEV_RECIPIENT_URL || recipient.url}.`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await recipient.close()
    process.exit(0)
  })
}
