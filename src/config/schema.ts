import { type Static, Type } from 'typebox'
import { defaultMounts } from './mounts.ts'
import { flag, mount, number, optional, optionalNumber, text } from './schema-types.ts'
import { tracingProperties } from './tracing.ts'
import { vaultAuthProperties } from './vault-auth.ts'

/** Every variable that `padlock serve` reads: its type, bounds, default and meaning. The one source. */
export const ConfigSchema = Type.Object({
  PADLOCK_HOST: text('Address to listen on', { default: '127.0.0.1' }),
  PADLOCK_PORT: number(0, 65_535, 3000, 'Port to listen on; 0 takes a free one'),
  PADLOCK_ADMIN_PORT: optionalNumber(
    0,
    65_535,
    'Port of a second listener, for operators: `/metrics`, `/openapi.json` and `/docs` are then there alone, health on both. 0 takes a free one',
  ),
  PADLOCK_TLS_CERT_FILE: optional(
    'PEM file of the certificate to listen with, its intermediates after it; read again when it changes. Padlock speaks plain HTTP without it',
  ),
  PADLOCK_TLS_KEY_FILE: optional("PEM file of that certificate's private key"),
  PADLOCK_TLS_CLIENT_CA_FILE: optional(
    'PEM file of the CAs of client certificates: who has none of theirs cannot connect',
  ),
  PADLOCK_LOG_LEVEL: Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'silent'].map((level) => Type.Literal(level)),
    { default: 'info', description: 'Least severe lines that the log shows' },
  ),
  PADLOCK_REQUEST_DEADLINE_MS: number(100, 60_000, 2_000, 'Milliseconds by which every request is answered'),
  PADLOCK_DRAIN_DELAY_MS: number(
    0,
    60_000,
    0,
    'Milliseconds that a stopping instance still serves, not ready; 5000 suggested on Kubernetes',
  ),
  PADLOCK_GRACE_PERIOD_MS: number(100, 600_000, 10_000, 'Milliseconds that a stop may take at the most'),
  PADLOCK_RATE_LIMIT_PER_SECOND: number(
    0,
    1_000_000,
    1_000,
    'Requests of one caller in a second, for each instance or, with Redis, for all; 0 for no limit',
  ),
  PADLOCK_REFUSALS_PER_MINUTE: number(
    0,
    1_000_000,
    300,
    'Refusals with 401 or 404 to one address in a minute; 0 for no limit',
  ),
  PADLOCK_REDIS_URL: optional('Redis in which the instances count callers together, redis:// or rediss://'),
  PADLOCK_REDIS_URL_FILE: optional('File that holds that URL, where it has a password'),
  PADLOCK_TRUST_PROXY: optional(
    'Addresses or CIDRs of proxies whose X-Forwarded-For is believed, with commas; none by default',
  ),
  PADLOCK_PROFILE_REFRESH_SECONDS: number(1, 3_600, 15, 'Seconds between two reads of the profiles'),
  PADLOCK_ISSUANCE_LOG: optional(
    'File of the issuance log, one line for each token, or `stdout`; none is kept without it (docs/audit.md)',
  ),
  PADLOCK_ISSUANCE_LOG_REQUIRED: flag('true: issue no token while the issuance log cannot be written'),

  VAULT_ADDR: text("Vault's address: scheme, host, port", { default: 'https://127.0.0.1:8200' }),
  VAULT_NAMESPACE: optional("Vault's namespace (Enterprise, HCP, OpenBao)"),
  VAULT_CACERT: optional("PEM file of the CA that signed Vault's certificate"),
  VAULT_CLIENT_CERT: optional("PEM file of Padlock's own TLS certificate for Vault"),
  VAULT_CLIENT_KEY: optional("PEM file of that certificate's private key"),
  VAULT_TLS_SERVER_NAME: optional("Name in Vault's certificate, where it is not the address's host"),
  PADLOCK_ALLOW_INSECURE_VAULT: flag('true: allow plain HTTP to a Vault off the loopback'),
  PADLOCK_TRANSIT_MOUNT: mount('Mount of the transit engine', { default: defaultMounts.transit }),
  PADLOCK_KV_MOUNT: mount('Mount of the KV version 2 engine', { default: defaultMounts.kv }),
  PADLOCK_SIGN_IN_FLIGHT: number(
    1,
    64,
    2,
    'Signing calls to Vault at once, over all keys; a key that has none may always send one',
  ),
  // OpenBao's listener refuses a body with more than 1,000 strings (`max_request_json_strings`): four for a signature.
  PADLOCK_SIGN_BATCH_MAX: number(1, 240, 32, 'Most signatures in one call'),
  PADLOCK_SIGN_QUEUE_MAX: number(
    1,
    100_000,
    1_000,
    'Most signatures that wait for one key version; the next are refused as `overloaded`',
  ),

  ...vaultAuthProperties,

  PADLOCK_CALLER_JWKS_URL: optional("JWK Set URL of the callers' issuer"),
  PADLOCK_CALLER_PUBLIC_KEY_FILE: optional(
    "file with the callers' issuer's public key (PEM, DER, base64, JWK or certificate), in place of the URL",
  ),
  PADLOCK_CALLER_CACERT: optional(
    "PEM file of the CA that signed the certificate of the callers' issuer, in place of the public CAs; read again when it changes",
  ),
  HTTPS_PROXY: optional(
    'Proxy for the JWK Set over https, and for nothing else; also as `https_proxy`, which wins',
  ),
  NO_PROXY: optional('Hosts that are asked without it, with commas; also as `no_proxy`, which wins'),
  PADLOCK_ALLOW_INSECURE_JWKS: flag('true: allow plain HTTP to a JWK Set URL off the loopback'),
  PADLOCK_CALLER_JWKS_REFRESH_SECONDS: number(1, 86_400, 300, 'Seconds between two fetches of the JWK Set'),
  PADLOCK_CALLER_JWKS_COOLDOWN_SECONDS: number(
    1,
    3_600,
    10,
    'Seconds between two fetches of the JWK Set for tokens that name an unknown key',
  ),
  PADLOCK_CALLER_JWKS_MAX_STALE_SECONDS: number(
    1,
    604_800,
    43_200,
    'Seconds that known keys stay good after the last fetch that succeeded',
  ),
  PADLOCK_CALLER_ISSUER: text("`iss` that a caller's JWT must have"),
  PADLOCK_CALLER_AUDIENCE: text("`aud` that a caller's JWT must hold"),
  PADLOCK_CALLER_MAX_LIFE_SECONDS: number(
    60,
    31_536_000,
    86_400,
    "Longest life, in seconds, of a caller's JWT",
  ),
  PADLOCK_CALLER_CLOCK_TOLERANCE_SECONDS: number(0, 300, 5, "Seconds by which the caller's clock may differ"),

  ...tracingProperties,
})

export type Config = Readonly<Static<typeof ConfigSchema>>
