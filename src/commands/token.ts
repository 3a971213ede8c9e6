import type { Noun } from '../cli/verb.ts'

/** `padlock token`: to get a token, and to see what is wrong with one. */
export const token: Noun = {
  summary: 'issue a token, or inspect one of any implementation',
  examples: ['padlock token issue default --user-id-file id.txt', 'padlock token inspect < token'],
  verbs: {
    issue: { summary: 'ask a running Padlock for a token', load: () => import('./token/issue.ts') },
    inspect: {
      summary: 'say what the recipient would say of a token, fault by fault',
      load: () => import('./token/inspect.ts'),
    },
  },
}
