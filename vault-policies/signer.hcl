# What the Padlock service may do: sign with the profiles' keys, read their public parts, read profiles,
# and look after its own login. It cannot change anything. `padlock setup` writes this policy as
# `padlock-signer`, with the mounts that it was given in place of `transit`, `secret` and `approle`.

# RS256 only: PKCS #1 v1.5, over a hash, by a version that is named. So no visitor's data reaches Vault, and
# nobody signs with whatever version is the newest. A path that ends in "*" cannot also name the hash.
path "transit/sign/padlock-*" {
  capabilities        = ["update"]
  required_parameters = ["signature_algorithm", "prehashed", "key_version"]
  allowed_parameters = {
    "signature_algorithm"  = ["pkcs1v15"]
    "prehashed"            = [true]
    "marshaling_algorithm" = ["jws"]
    "key_version"          = []
    "input"                = []
    "batch_input"          = []
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
