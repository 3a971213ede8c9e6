import t from 'tap'
import { brokenOff } from '../../support/broken-off.ts'

const { kills } = await brokenOff(t)
const pin = { signingKeyVersion: 2, previousSigningKeyVersion: 1 }

t.test('key rollback, killed anywhere, is finished by running it again, and never goes forward', (t) =>
  kills(t, {
    ...{ command: 'rollback', versions: 2, pin },
    args: (name) => ['rollback', name, '--yes'],
    key: { latest_version: 2, min_encryption_version: 0 },
    settings: { signingKeyVersion: 1, previousSigningKeyVersion: 2, activatedBy: 'token-jo' },
  }),
)

t.test('key retire, killed anywhere, is finished by running it again', (t) =>
  kills(t, {
    ...{ command: 'retire', versions: 2, pin, atOnce: 1 },
    args: (name) => ['retire', name, '1', '--yes'],
    key: { latest_version: 2, min_encryption_version: 2 },
    settings: { ...pin, activatedBy: 'test' },
  }),
)
