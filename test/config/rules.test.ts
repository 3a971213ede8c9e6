import t from 'tap'
import { configProblems, goodEnv } from '../support/config.ts'

const problemsOf = (changes: NodeJS.ProcessEnv) => configProblems({ ...goodEnv, ...changes })

const rules: [string, NodeJS.ProcessEnv, string[]][] = [
  [
    'plain HTTP to a Vault off the loopback',
    { VAULT_ADDR: 'http://vault.test:8200' },
    ['VAULT_ADDR is plain HTTP off the loopback; use https, or set PADLOCK_ALLOW_INSECURE_VAULT=true'],
  ],
  [
    'plain HTTP to a host whose name only begins like the loopback',
    { VAULT_ADDR: 'http://127.0.0.1.vault.test' },
    ['VAULT_ADDR is plain HTTP off the loopback; use https, or set PADLOCK_ALLOW_INSECURE_VAULT=true'],
  ],
  [
    'plain HTTP where it was allowed',
    { VAULT_ADDR: 'http://vault.test:8200', PADLOCK_ALLOW_INSECURE_VAULT: 'true' },
    [],
  ],
  ['plain HTTP on the loopback, IPv4', { VAULT_ADDR: 'http://127.0.0.1:8200' }, []],
  ['plain HTTP on the loopback, IPv6', { VAULT_ADDR: 'http://[::1]:8200' }, []],
  ['plain HTTP on the loopback, by name', { VAULT_ADDR: 'http://localhost:8200/' }, []],
  ['a Vault that is no URL', { VAULT_ADDR: 'vault:8200' }, ['VAULT_ADDR must be an http or https URL']],
  [
    'a Vault under a path',
    { VAULT_ADDR: 'https://vault.test/v1' },
    ['VAULT_ADDR must hold nothing but scheme, host and port'],
  ],
  [
    'plain HTTP to a key set off the loopback',
    { PADLOCK_CALLER_JWKS_URL: 'http://issuer.test/keys' },
    [
      'PADLOCK_CALLER_JWKS_URL is plain HTTP off the loopback; use https, or set PADLOCK_ALLOW_INSECURE_JWKS=true',
    ],
  ],
  [
    'plain HTTP to a key set where it was allowed',
    { PADLOCK_CALLER_JWKS_URL: 'http://issuer.test/keys', PADLOCK_ALLOW_INSECURE_JWKS: 'true' },
    [],
  ],
  [
    'one port for two listeners',
    { PADLOCK_PORT: '3000', PADLOCK_ADMIN_PORT: '3000' },
    ['PADLOCK_ADMIN_PORT must not be PADLOCK_PORT'],
  ],
  ['the default’s port too', { PADLOCK_ADMIN_PORT: '3000' }, ['PADLOCK_ADMIN_PORT must not be PADLOCK_PORT']],
  ['free ports for both', { PADLOCK_PORT: '0', PADLOCK_ADMIN_PORT: '0' }, []],
  [
    'two sources of the callers’ keys',
    { PADLOCK_CALLER_PUBLIC_KEY_FILE: 'key.pem' },
    ['set exactly one of PADLOCK_CALLER_JWKS_URL and PADLOCK_CALLER_PUBLIC_KEY_FILE'],
  ],
  [
    'no source of the callers’ keys',
    { PADLOCK_CALLER_JWKS_URL: '' },
    ['set exactly one of PADLOCK_CALLER_JWKS_URL and PADLOCK_CALLER_PUBLIC_KEY_FILE'],
  ],
  [
    'a role_id twice, a secret_id not at all',
    { PADLOCK_VAULT_ROLE_ID_FILE: 'role', PADLOCK_VAULT_SECRET_ID: '' },
    [
      'set exactly one of PADLOCK_VAULT_ROLE_ID and PADLOCK_VAULT_ROLE_ID_FILE',
      'set exactly one of PADLOCK_VAULT_SECRET_ID, PADLOCK_VAULT_SECRET_ID_FILE and PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE',
    ],
  ],
  [
    'a folder of CAs in place of a file',
    { VAULT_CAPATH: '/etc/ssl/certs' },
    ['VAULT_CAPATH is not supported: give one PEM file in VAULT_CACERT'],
  ],
  [
    'a drain delay that leaves no time to finish',
    { PADLOCK_DRAIN_DELAY_MS: '10000' },
    ['PADLOCK_DRAIN_DELAY_MS must be less than PADLOCK_GRACE_PERIOD_MS, of which it is a part'],
  ],
  [
    'an issuance log that is required and not kept',
    { PADLOCK_ISSUANCE_LOG_REQUIRED: 'true' },
    ['PADLOCK_ISSUANCE_LOG_REQUIRED needs PADLOCK_ISSUANCE_LOG'],
  ],
  [
    'a Redis that is none, and twice',
    { PADLOCK_REDIS_URL: 'http://redis', PADLOCK_REDIS_URL_FILE: 'redis-url' },
    [
      'PADLOCK_REDIS_URL must be a redis or rediss URL',
      'set at most one of PADLOCK_REDIS_URL and PADLOCK_REDIS_URL_FILE',
    ],
  ],
  [
    'proxies that are no addresses',
    { PADLOCK_TRUST_PROXY: '10.0.0.1, true' },
    ['PADLOCK_TRUST_PROXY must be addresses or CIDRs with commas between them'],
  ],
  ['proxies', { PADLOCK_TRUST_PROXY: '10.0.0.1, 10.1.0.0/16,2001:db8::/32' }, []],
  [
    'half a certificate to listen with',
    { PADLOCK_TLS_KEY_FILE: 'key.pem' },
    ['PADLOCK_TLS_CERT_FILE and PADLOCK_TLS_KEY_FILE go together'],
  ],
  [
    'client certificates without TLS',
    { PADLOCK_TLS_CLIENT_CA_FILE: 'ca.pem' },
    ['PADLOCK_TLS_CLIENT_CA_FILE needs PADLOCK_TLS_CERT_FILE and PADLOCK_TLS_KEY_FILE'],
  ],
  [
    'half a client certificate',
    { VAULT_CLIENT_CERT: 'cert.pem' },
    ['VAULT_CLIENT_CERT and VAULT_CLIENT_KEY go together'],
  ],
]
for (const [what, changes, problems] of rules) {
  t.test(what, async (t) => t.strictSame(problemsOf(changes), problems))
}
