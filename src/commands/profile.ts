import type { Noun } from '../cli/verb.ts'

/** `padlock profile`: what is issued for whom, and by which rules. */
export const profile: Noun = {
  summary: 'profiles: issuer, life of tokens, rules of userIds, callers',
  text: 'Every change shows what it changes and asks first; two operators cannot overwrite each other.',
  examples: [
    'padlock profile list',
    'padlock profile update shop --set tokenTtlSeconds=90s',
    'padlock profile --help',
  ],
  verbs: {
    list: { summary: 'list the profiles', load: () => import('./profile/list.ts') },
    show: { summary: 'show a profile, or its history', load: () => import('./profile/show.ts') },
    validate: {
      summary: 'check profiles as the service does; exit code 1 when one is not valid',
      load: () => import('./profile/validate.ts'),
    },
    create: {
      summary: 'make a profile, and its signing key where there is none',
      load: () => import('./profile/create.ts'),
    },
    update: { summary: 'change the settings of a profile', load: () => import('./profile/update.ts') },
    delete: {
      summary: 'delete a profile: its visitors get no token any more',
      load: () => import('./profile/delete.ts'),
    },
    rollback: {
      summary: 'go back to earlier settings, or bring a deleted profile back',
      load: () => import('./profile/rollback.ts'),
    },
  },
}
