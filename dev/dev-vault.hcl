# A dev Vault is one node: without this it would also take the port after its own, for a cluster that is not there.
disable_clustering = true
