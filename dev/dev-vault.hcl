# A dev Vault is one node: without this it would also take the port after its own, for a cluster that is not there.
disable_clustering = true
# OpenBao refuses an audit device that is made over its API without this; Vault passes over it.
unsafe_allow_api_audit_creation = true
