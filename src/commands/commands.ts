import { build } from '../build.ts'
import type { Program } from '../cli/program.ts'
import { audit } from './audit.ts'
import { caller } from './caller.ts'
import { key } from './key.ts'
import { profile } from './profile.ts'
import { recipient } from './recipient.ts'
import { token } from './token.ts'

/** `padlock`: all that it can be asked for. */
export const padlock: Program = {
  name: 'padlock',
  summary: 'Tokens for iAdvize authenticated messaging, signed inside HashiCorp Vault',
  examples: ['padlock setup --help', 'padlock profile list', 'padlock serve'],
  version: build.version,
  commands: {
    serve: {
      summary: 'run the HTTP service (configured by the environment: see .env.example)',
      load: () => import('./serve.ts'),
    },
    setup: {
      summary: 'set Vault up for Padlock: engines, signing key, policies, login, first profile',
      load: () => import('./setup.ts'),
    },
    profile,
    recipient,
    key,
    caller,
    token,
    audit,
    completion: {
      summary: 'print the script that completes these commands in bash, zsh or fish',
      load: async () => {
        const { completion } = await import('./completion.ts')
        return { verb: completion(padlock) }
      },
    },
    version: { summary: 'say what runs: Padlock, Node, Unicode', load: () => import('./version.ts') },
  },
}
