import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { CommandError } from '../../src/cli/exit.ts'
import { operatorClient } from '../../src/cli/operator-client.ts'

const home = t.testdir({})

/** The usage error that an environment is refused with. */
async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { client } = await operatorClient({ HOME: home, VAULT_TOKEN: 'root', ...env })
    await client.close()
    return ''
  } catch (error) {
    if (!(error instanceof CommandError)) {
      throw error
    }
    t.equal(error.exitCode, 2)
    return error.message
  }
}

t.test("Vault's own defaults, as its command line has them", async (t) => {
  const { client, token } = await operatorClient({ HOME: home, VAULT_TOKEN: 'root', VAULT_ADDR: '' })
  t.equal(client.address, 'https://127.0.0.1:8200')
  t.equal(token, 'root')
  await client.close()
})

t.test('the token: VAULT_TOKEN, else the file that `vault login` writes', async (t) => {
  t.match(await refusal({ VAULT_TOKEN: '' }), /VAULT_TOKEN.*vault login/)
  await writeFile(join(home, '.vault-token'), 'from-file\n')
  const fromFile = await operatorClient({ HOME: home })
  t.equal(fromFile.token, 'from-file')
  const fromEnv = await operatorClient({ HOME: home, VAULT_TOKEN: 'from-env' })
  t.equal(fromEnv.token, 'from-env')
  await Promise.all([fromFile.client.close(), fromEnv.client.close()])
  const message = await refusal({ VAULT_TOKEN: 'se\ncret' })
  t.match(message, /characters that no token has/)
  t.notMatch(message, 'cret\n')
})

t.test('addresses', async (t) => {
  for (const [address, reason] of [
    ['127.0.0.1:8200', /http or https URL/],
    ['unix:///run/vault.sock', /http or https URL/],
    ['https://user:pass@vault.test', /must not hold a user name or a password/],
    ['https://vault.test/base', /nothing but scheme, host and port/],
    ['http://vault.test:8200', /PADLOCK_ALLOW_INSECURE_VAULT=true/],
    ['http://10.0.0.1:8200', /PADLOCK_ALLOW_INSECURE_VAULT=true/],
  ] as [string, RegExp][]) {
    const message = await refusal({ VAULT_ADDR: address })
    t.match(message, reason, address)
    t.notMatch(message, 'pass@')
  }
  for (const address of [
    'http://127.0.0.1:8200/',
    'http://localhost:8200',
    'http://[::1]:8200',
    'https://vault.test',
  ]) {
    t.equal(await refusal({ VAULT_ADDR: address }), '', address)
  }
  t.equal(await refusal({ VAULT_ADDR: 'http://vault.test', PADLOCK_ALLOW_INSECURE_VAULT: 'true' }), '')
  t.not(await refusal({ VAULT_ADDR: 'http://vault.test', PADLOCK_ALLOW_INSECURE_VAULT: '1' }), '')
})

t.test('TLS is never left unchecked', async (t) => {
  for (const value of ['1', 'true', 'TRUE', 't', 'yes']) {
    t.match(await refusal({ VAULT_SKIP_VERIFY: value }), /VAULT_CACERT/, value)
  }
  for (const value of ['', '0', 'false', 'FALSE']) {
    t.equal(await refusal({ VAULT_SKIP_VERIFY: value }), '', value)
  }
  t.match(await refusal({ VAULT_CAPATH: '/x' }), /VAULT_CACERT/)
  t.match(await refusal({ VAULT_CACERT: join(home, 'none.pem') }), /^VAULT_CACERT cannot be read \(ENOENT\)/)
  t.match(await refusal({ VAULT_CLIENT_CERT: 'x' }), /go together/)
  t.match(await refusal({ VAULT_CLIENT_KEY: 'x' }), /go together/)
})
