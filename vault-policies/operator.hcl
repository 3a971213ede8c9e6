# For the people who run `padlock key`, `padlock profile` and `padlock recipient`: they change keys and
# profiles and cannot sign. They get no secret_id either: with one they could log in as the service and sign.
# `padlock setup` itself needs more (mounts, policies, logins) and is run by an administrator of Vault.

# Make a key, read it, rotate it, and retire its old versions. The parameters left out here are what would
# make a key exportable or deletable, import one from outside, trim versions for ever, or have a chosen
# certificate request signed. (Vault still signs one without a template, in which nothing can be chosen.)
path "transit/keys/padlock-*" {
  capabilities = ["create", "read", "update"]
  allowed_parameters = {
    "type"                   = ["rsa-2048", "rsa-3072", "rsa-4096"]
    "exportable"             = [false]
    "allow_plaintext_backup" = [false]
    "min_encryption_version" = []
  }
}

path "secret/data/padlock/profiles/*" {
  capabilities = ["create", "read", "update", "delete"]
}

# `profile delete` names the version that was seen, so that nobody deletes what another one has just written; and
# `profile rollback` brings it back. What is deleted here is kept: only `destroy` would erase it.
path "secret/delete/padlock/profiles/*" {
  capabilities       = ["update"]
  allowed_parameters = { "versions" = [] }
}

path "secret/undelete/padlock/profiles/*" {
  capabilities       = ["update"]
  allowed_parameters = { "versions" = [] }
}

# History of a profile, for `profile rollback`. Without `delete`, nobody erases that history.
path "secret/metadata/padlock/profiles/*" {
  capabilities = ["read"]
}

path "secret/metadata/padlock/profiles" {
  capabilities = ["list"]
}

# Who it is that changes something: written into the profile beside the change.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
