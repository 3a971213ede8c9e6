import { unlink } from 'node:fs/promises'
import type { SecretIds } from '../../../vault/admin/secret-ids.ts'
import type { Step } from '../step.ts'
import { draftsOf, readCredential } from './credential-file.ts'

/** The steps that remove the drafts of a file, which runs left that were killed, and end what they hold. */
export async function planDrafts(secretIds: SecretIds, file: string): Promise<Step[]> {
  const drafts = await draftsOf(file)
  return drafts.map((draft) => ({
    ...{ kind: 'draft', name: draft, state: 'remove' },
    detail: 'left by a run that was killed; a secret_id in it is destroyed',
    apply: async () => {
      await endSecretId(secretIds, draft)
      await unlink(draft).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') {
          throw error
        }
      })
    },
  }))
}

/** A secret_id that was made, and reached nobody, must not stay alive. */
async function endSecretId(secretIds: SecretIds, draft: string): Promise<void> {
  const credential = await readCredential(draft).catch(() => undefined)
  if (credential === undefined) {
    return
  }
  const state = (await secretIds.lookUp(credential)) ?? (await secretIds.openWrapped(credential))
  if (state !== undefined) {
    await secretIds.destroy(state.accessor)
  }
}
