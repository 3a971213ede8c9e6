import t from 'tap'
import { CommandError, during, failureOf, refused, usageError, withRight } from '../../src/cli/exit.ts'
import { PadlockError } from '../../src/errors.ts'
import { VaultError } from '../../src/vault/client/vault-error.ts'

t.test('each failure has its exit code', async (t) => {
  for (const [error, exitCode] of [
    [refused('no'), 1],
    [usageError('what?'), 2],
    [new VaultError('vault_unavailable', 'Vault cannot be reached (ECONNREFUSED).'), 3],
    [new VaultError('vault_timeout', 'Vault did not answer in time.'), 3],
    [new VaultError('vault_sealed', 'Vault is sealed.', 503), 3],
    [new VaultError('vault_unavailable', 'Vault answered 502.', 502), 3],
    [new VaultError('vault_throttled', 'Vault limits the rate.', 429), 3],
    [new VaultError('vault_denied', 'Vault denied the call.', 403), 1],
    [new VaultError('internal_error', 'Vault refused the call with 400.', 400), 1],
    // Vault's answer to some mistakes of a caller.
    [new VaultError('vault_unavailable', 'Vault answered 500.', 500), 1],
    [new PadlockError('signing_key_missing', { detail: 'gone' }), 1],
    [new Error('bug'), 1],
    ['not even an error', 1],
  ] as [unknown, number][]) {
    t.equal(failureOf(error).exitCode, exitCode, String(error))
  }
})

t.test("Vault's own words are shown to the operator, as one line", async (t) => {
  const words = ['1 error occurred:\n\t* no handler\u001b[31m\n\n']
  const error = new VaultError('internal_error', 'Vault refused the call with 400.', 400, words)
  const message = 'Vault refused the call with 400. 1 error occurred: * no handler\u001b[31m'
  t.equal(failureOf(error).message, message)
  t.equal(failureOf(new VaultError('vault_timeout', 'Late.')).message, 'Late. Look at VAULT_ADDR.')
  const sealed = new VaultError('vault_sealed', 'Vault is sealed.', 503, ['Vault is sealed'])
  t.equal(failureOf(sealed).message, 'Vault is sealed.', 'once')
})

t.test('a failure says during what it came', async (t) => {
  const late = () => Promise.reject(new VaultError('vault_timeout', 'Late.'))
  await t.rejects(during('Reading the key', late()), { exitCode: 3, message: /^Reading the key: Late\./ })
  const own = refused('no')
  await t.rejects(during('Reading', Promise.reject(own)), own, 'what says enough by itself stays as it is')
  t.equal(await during('Reading', Promise.resolve(1)), 1)
  t.type(own, CommandError)
})

t.test('a denial is said once, with the right that is missing', async (t) => {
  const denied = (...words: string[]) => new VaultError('vault_denied', 'Vault denied the call.', 403, words)
  const right = 'the policy padlock-operator'
  const ended = async (error: Error) =>
    withRight(right, Promise.reject(error)).then(
      () => ({ exitCode: 0, message: '' }),
      ({ exitCode, message }) => ({ exitCode, message }),
    )
  const hint = 'Your token (VAULT_TOKEN) has expired, or is without the policy padlock-operator.'
  for (const words of [[], ['permission denied'], ['1 error occurred:\n\t* permission denied\n\n']]) {
    t.same(await ended(denied(...words)), { exitCode: 1, message: `Vault denied the call. ${hint}` })
  }
  const more = denied('2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n')
  t.equal((await ended(more)).message, `Vault denied the call. * invalid token ${hint}`)
  const read = during('Reading the key', Promise.reject(denied())).catch((error: Error) => error)
  t.equal((await ended((await read) as Error)).message, `Reading the key: Vault denied the call. ${hint}`)
  t.same(await ended(refused('no')), { exitCode: 1, message: 'no' }, 'nothing else changes')
})
