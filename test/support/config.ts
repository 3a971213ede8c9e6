import { ConfigError, loadConfig } from '../../src/config/config.ts'

/** The least that `padlock serve` can be configured with. */
export const goodEnv = {
  PADLOCK_VAULT_ROLE_ID: 'a-role',
  PADLOCK_VAULT_SECRET_ID: 'a-secret',
  PADLOCK_CALLER_JWKS_URL: 'https://issuer.test/keys?policy=shop',
  PADLOCK_CALLER_ISSUER: 'https://issuer.test',
  PADLOCK_CALLER_AUDIENCE: 'padlock',
}

/** What is wrong with an environment; nothing when it can be used. */
export function configProblems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems
    }
    throw error
  }
}
