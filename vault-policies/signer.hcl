# What the Padlock service may do: sign with the profiles' keys, read their public parts, read profiles,
# and look after its own login. It cannot change anything. `padlock setup` writes this policy as
# `padlock-signer`, with the mounts that it was given in place of `transit`, `secret` and `approle`, and with
# the block below once for the signing key of each profile.

# RS256 only: PKCS #1 v1.5 over a SHA-256, by a version that is named. The path names key and hash, since a
# path with a wildcard would allow every hash of these keys (`none` signs any bytes) or keys of other teams.
# `key_version` is a string that begins with a digit from 1 to 9: 0, which stands for the newest version, is
# refused in all its spellings, numbers too. A later version can be named before it is activated.
path "transit/sign/padlock-default/sha2-256" {
  capabilities        = ["update"]
  required_parameters = ["signature_algorithm", "prehashed", "marshaling_algorithm", "key_version"]
  allowed_parameters = {
    "signature_algorithm"  = ["pkcs1v15"]
    "prehashed"            = [true]
    "marshaling_algorithm" = ["jws"]
    "key_version"          = ["1*", "2*", "3*", "4*", "5*", "6*", "7*", "8*", "9*"]
    "input"                = []
    "batch_input"          = []
  }
  # An empty text passes every list of allowed values: it would stand for PSS, for bytes, for version 0.
  denied_parameters = {
    "signature_algorithm"  = [""]
    "prehashed"            = [""]
    "marshaling_algorithm" = [""]
    "key_version"          = [""]
  }
}

# Public keys and the state of their versions; the private key is in no answer.
path "transit/keys/padlock-*" {
  capabilities = ["read"]
}

path "secret/data/padlock/profiles/*" {
  capabilities = ["read"]
}

# The metadata tells whether a profile has changed.
path "secret/metadata/padlock/profiles/*" {
  capabilities = ["read"]
}

path "secret/metadata/padlock/profiles" {
  capabilities = ["list"]
}

# The key under which the issuance log names visitors.
path "secret/data/padlock/audit/subject-key" {
  capabilities = ["read"]
}

# The role leaves Vault's `default` policy out, so these three are named here.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}

# How long the service's own secret_id still lives. Only who holds a secret_id can ask about it.
path "auth/approle/role/padlock/secret-id/lookup" {
  capabilities       = ["update"]
  allowed_parameters = { "secret_id" = [] }
}
