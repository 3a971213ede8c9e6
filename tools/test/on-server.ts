import { globSync, readFileSync } from 'node:fs'

// Prints the tests that talk to a server, Vault or OpenBao, for a second run on the other one: `make test T="$(…)"`.

// Not what stands before the server or beside it: connections, limits, overload, callers, metrics.
const folders = ['vault', 'commands', 'docs', 'audit', 'issuance', 'http/routes']
const files = [
  ...globSync(`test/{${folders.join(',')}}/**/*.test.ts`),
  // What attacks the server's policy and reads its log; the other attacks say the same on both.
  'test/attacks/signer-policy.test.ts',
  'test/attacks/who-can-sign.test.ts',
  'test/attacks/unreadable-logs.test.ts',
  'test/cli/verbs.test.ts',
  'test/http/vault-session.test.ts',
  'test/http/contract/codes.test.ts',
  'test/dev/dev-vault.test.ts',
  'test/dev/set-up.test.ts',
]
// By what starts one in test/support; what needs none says the same on both.
const starts =
  /\b(testVault|testBackend|testService|serverVault|profileCommands|RaftNode|startVault|auditRunner)\b/
console.log(
  files
    .filter((file) => starts.test(readFileSync(file, 'utf8')))
    .sort()
    .join(' '),
)
