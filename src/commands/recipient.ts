import type { Noun } from '../cli/verb.ts'

/** `padlock recipient`: iAdvize's public keys of a profile. */
export const recipient: Noun = {
  summary: "the recipient's public keys, which tokens are encrypted to",
  text: 'A new key of iAdvize is added first, and activated when iAdvize says that it can decrypt with it.',
  examples: ['padlock recipient add shop iadvize-new.pub', 'padlock recipient activate shop'],
  verbs: {
    list: {
      summary: "show a profile's recipient keys: which one is active, and who added each",
      load: () => import('./recipient/list.ts'),
    },
    add: {
      summary: 'add a public key to a profile; tokens go on being encrypted to the active one',
      load: () => import('./recipient/add.ts'),
    },
    activate: {
      summary: 'encrypt tokens to another of the keys that were added',
      load: () => import('./recipient/activate.ts'),
    },
    remove: {
      summary: 'remove a key that is not the active one',
      load: () => import('./recipient/remove.ts'),
    },
  },
}
