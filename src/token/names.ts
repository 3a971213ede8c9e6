/** A profile's name: part of a URL and of a path in Vault, so nothing that either could read otherwise. */
export const profileNamePattern = '^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$'

/** A transit key's name: the prefix is what the signer's policy covers. */
export const signingKeyNamePattern = '^padlock-[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$'

/** A day, in seconds: the longest life of a token. */
export const longestTokenTtlSeconds = 86_400
