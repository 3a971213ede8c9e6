// What imports what: `make lint` checks it, types included.

/** Rooms that must not know of what they are used by: from below, to above. */
const never = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to },
})

module.exports = {
  forbidden: [
    { name: 'no-circle-of-files', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circle-of-rooms', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    never('production-knows-no-development', '^src/', '^(dev|tools|test|bench)/'),
    never(
      'a-token-is-made-without-network',
      '^src/(token|keys|inspection)/',
      '^src/(?!token|keys|inspection|errors|printable)',
    ),
    never('vault-knows-no-http', '^src/vault/', '^src/(http|metrics|tracing|audit|issuance|cli|commands)/'),
    never('the-auditor-knows-no-service', '^src/audit/', '^src/(http|metrics|tracing|cli|commands)/'),
    never(
      'the-service-knows-no-command',
      '^src/(http|metrics|tracing|issuance|vault|config)/',
      '^src/(cli|commands)/',
    ),
    {
      name: 'one-importer-of-node-vault',
      severity: 'error',
      from: { path: '^(src|dev|tools)/', pathNot: '^src/vault/client/' },
      to: { path: 'node_modules/node-vault' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['node', 'import'],
    },
  },
}
