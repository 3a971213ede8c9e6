# For the people who compare Vault's audit log with Padlock's own: they read and change nothing.

# Which audit devices there are (a path that Vault guards with `sudo`).
path "sys/audit" {
  capabilities = ["read", "sudo"]
}

# The HMAC under which a value stands in an audit log: from an `auditId` to its entries.
path "sys/audit-hash/*" {
  capabilities       = ["update"]
  allowed_parameters = { "input" = [] }
}

# Public keys of the versions that signed, and the profiles that pin them.
path "transit/keys/padlock-*" {
  capabilities = ["read"]
}

path "secret/data/padlock/profiles/*" {
  capabilities = ["read"]
}

path "secret/metadata/padlock/profiles/*" {
  capabilities = ["read"]
}

path "secret/metadata/padlock/profiles" {
  capabilities = ["list"]
}

# The key under which the issuance log names visitors, for `padlock audit subject`: with it, and the log, one can
# test whether a known userId is there.
path "secret/data/padlock/audit/subject-key" {
  capabilities = ["read"]
}

path "auth/token/lookup-self" {
  capabilities = ["read"]
}
