import type { Noun } from '../cli/verb.ts'

/** `padlock audit`: what an auditor asks. */
export const audit: Noun = {
  summary: "account for every signature, with Vault's audit log and the issuance log",
  examples: ['padlock audit find --help', 'padlock audit reconcile --help', 'padlock audit subject --help'],
  verbs: {
    find: {
      summary: "find the signature of one token in Vault's audit log",
      load: () => import('./audit/find.ts'),
    },
    reconcile: {
      summary: "compare Vault's audit log with Padlock's issuance log",
      load: () => import('./audit/reconcile.ts'),
    },
    subject: {
      summary: 'list the tokens that were issued for one visitor, whose userId is on standard input',
      load: () => import('./audit/subject.ts'),
    },
  },
}
