import type { RecipientKey } from '../../keys/recipient-key.ts'
import type { SigningKeyType } from '../../vault/keys/transit-keys.ts'

/** What the set-up shall make of Vault. What is left out stays as it is in Vault, or takes its default. */
export interface SetupSettings {
  profile: string
  /** the `iss` claim; needed to make the profile */
  issuer?: string | undefined
  /** needed to make the profile */
  recipientKey?: RecipientKey | undefined
  /** transit key; by default `padlock-<profile>` */
  signingKey?: string | undefined
  /** by default rsa-2048 */
  keyType?: SigningKeyType | undefined
  /** by default 60 */
  tokenTtlSeconds?: number | undefined
  transitMount: string
  kvMount: string
  /** what the names of the policies begin with; by default `padlock` */
  policyPrefix?: string | undefined
  /** brings the policies up to date with the profiles, and makes nothing else */
  policiesOnly?: boolean | undefined
  /** makes a new version of the key of the visitors' pseudonyms, even where there is one */
  newSubjectKey?: boolean | undefined
  /** undefined for a service that logs in otherwise */
  appRole?: AppRoleSettings | undefined
}

/** The service's login. */
export interface AppRoleSettings {
  /** path of the auth method, without `auth/` */
  mount: string
  role: string
  /** by default one hour */
  tokenPeriodSeconds?: number | undefined
  /** 0 for a secret_id that never expires; by default 90 days */
  secretIdTtlSeconds?: number | undefined
  /** addresses that may log in with the secret_id, in CIDR notation */
  secretIdBoundCidrs?: readonly string[] | undefined
  /** addresses that may use the token */
  tokenBoundCidrs?: readonly string[] | undefined
  /** file to write the role_id to */
  roleIdFile?: string | undefined
  /** file to write the secret_id to, or its wrapping token */
  secretIdFile?: string | undefined
  /** asks for a wrapping token in place of the secret_id, which opens it once within this many seconds */
  wrapTtlSeconds?: number | undefined
  /** makes a secret_id even where there is one that works */
  newSecretId?: boolean | undefined
}

/** 90 days, in seconds. */
export const defaultSecretIdTtl = 90 * 86_400

/** One hour, in seconds: how long a service that died keeps its token. */
export const defaultTokenPeriod = 3_600
