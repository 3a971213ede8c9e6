import type { Noun } from '../cli/verb.ts'

/** `padlock key`: signing keys that change without a visitor noticing. */
export const key: Noun = {
  summary: "a profile's signing key: its versions, and the way from one to the next",
  text: `A rotation takes days, between people: each step stands alone and can be run again after it broke off. The policy
padlock-operator is enough.`,
  examples: [
    ['padlock key stage shop', 'make version 2; nothing signs with it'],
    ['padlock key export shop 2 --out v2.pem', 'the public key for iAdvize, and a mail to send with it'],
    ['padlock key activate shop 2', 'once iAdvize has answered with the fingerprint'],
    ['padlock key rollback shop', 'back to version 1, if anything is wrong'],
    ['padlock key retire shop 1', 'when the last token of version 1 has expired'],
  ],
  verbs: {
    list: {
      summary: 'the versions: state, fingerprint, who moved them and when',
      load: () => import('./key/list.ts'),
    },
    stage: {
      summary: 'make the next version, or adopt the one that is there; nothing signs with it',
      load: () => import('./key/stage.ts'),
    },
    export: {
      summary: 'the public key, its fingerprint, and a mail to the iAdvize contact',
      load: () => import('./key/export.ts'),
    },
    activate: {
      summary: 'sign with a version that iAdvize has acknowledged by its fingerprint',
      load: () => import('./key/activate.ts'),
    },
    rollback: {
      summary: 'go back to the version before, without waiting for anybody',
      load: () => import('./key/rollback.ts'),
    },
    retire: {
      summary: 'let a version and all older ones sign no more, once nothing needs them',
      load: () => import('./key/retire.ts'),
    },
  },
}
