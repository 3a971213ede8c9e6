/** Where Padlock looks in Vault when nobody says otherwise; the service and the commands share it. */
export const defaultMounts = { transit: 'transit', kv: 'secret' } as const

/** What the names of the policies begin with, unless `--policy-prefix` says otherwise. */
export const defaultPolicyPrefix = 'padlock'

/** A mount's path in Vault: names joined by slashes, no slash at either end. */
export const mountPattern = '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$'
