import { keycloakZip } from '../idp/keycloak.ts'
import { runTests } from './tap-run.ts'

// Runs Padlock with the JWTs of a real identity provider, which is too heavy for every run of the tests.

await runTests({
  files: ['test/idp'],
  programs: { java: 'default-jre-headless', mvn: 'maven', unzip: 'unzip' },
  prepare: async (signal) => ({ KEYCLOAK_ZIP: await keycloakZip(console.log, signal) }),
  summaryFile: '.tap/summary-idp',
})
