import { runTests } from './tap-run.ts'

// Runs the tests with tap and ends with the line "N passed, N failed". Arguments are test files, or folders of them.

await runTests({
  files: process.argv.slice(2),
  programs: {
    chromium: 'chromium',
    promtool: 'prometheus',
    kubectl: 'kubernetes-client',
    'systemd-analyze': 'systemd',
    'redis-server': 'redis-server',
    openssl: 'openssl',
    script: 'bsdutils',
    // Debian's python3 comes without what makes virtual environments.
    python3: { package: 'python3-venv', check: ['-c', 'import ensurepip, venv'] },
  },
  summaryFile: `.tap/summary${process.env.PADLOCK_DEV_SERVER === 'openbao' ? '-openbao' : ''}`,
})
