# For the people who run `padlock key`, `padlock profile` and `padlock recipient`: they change keys and
# profiles and cannot sign. They get no secret_id either: with one they could log in as the service and sign.
# `padlock setup` itself needs more (mounts, policies, logins) and is run by an administrator of Vault.

# Make a key and read it. The parameters left out here are what would make a key exportable or deletable, or import one
# from outside. A path that ends in a glob covers what is below it too: a key that was made a moment ago is rotated by it,
# and its old versions are retired.
path "transit/keys/padlock-*" {
  capabilities = ["create", "read", "update"]
  allowed_parameters = {
    "type"                   = ["rsa-2048", "rsa-3072", "rsa-4096"]
    "exportable"             = [false]
    "allow_plaintext_backup" = [false]
    "min_encryption_version" = []
  }
}

# Below a key that the service signs with, these two alone. The rest is an administrator's: to delete it or to restore
# it (OpenBao's `soft-delete-restore` takes no parameter that could be forbidden), to trim it, or to have a certificate
# request signed. The longer path wins, and a deny with `+` for the name of the key would lose against the glob above.
# `padlock setup` writes these three once for the signing key of each profile.
path "transit/keys/padlock-default/*" {
  capabilities = ["deny"]
}

path "transit/keys/padlock-default/config" {
  capabilities       = ["update"]
  allowed_parameters = { "min_encryption_version" = [] }
}

path "transit/keys/padlock-default/rotate" {
  capabilities      = ["update"]
  denied_parameters = { "*" = [] }
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
