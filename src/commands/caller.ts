import type { Noun } from '../cli/verb.ts'

/** `padlock caller`: about the JWTs that backends call Padlock with. */
export const caller: Noun = {
  summary: "say why a caller's JWT is refused",
  examples: ['padlock caller inspect --profile default < caller-token'],
  verbs: {
    inspect: {
      summary: "say what Padlock would say of a caller's JWT, why, and the fix",
      load: () => import('./caller/inspect.ts'),
    },
  },
}
