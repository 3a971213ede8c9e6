import { during } from '../../cli/exit.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { SubjectKeyStore } from '../../vault/keys/subject-key.ts'
import type { SetupSettings } from './settings.ts'
import { type Step, unchanged } from './step.ts'

const replacing =
  "Lines of the issuance log name the version of their key. Vault keeps a secret's newest ten versions: a visitor is " +
  'not found in lines whose version is gone.'

/**
 * The step of the key under which the issuance log names visitors.
 *
 * @param storeExists whether the KV store is there already
 */
export async function planSubjectKey(
  client: VaultClient,
  settings: SetupSettings,
  storeExists: boolean,
): Promise<Step> {
  const { kvMount, newSubjectKey } = settings
  const store = new SubjectKeyStore(client, kvMount)
  const [kind, name] = ['subject key', store.path]
  const present = storeExists
    ? await during('Reading the subject key', store.readVersion())
    : { version: 0, readable: false }
  if (present.readable && !newSubjectKey) {
    return unchanged(kind, name, `version ${present.version}: visitors' pseudonyms in the issuance log`)
  }
  const apply = () => store.write(present.version)
  return present.version === 0
    ? { kind, name, state: 'create', detail: "made, for visitors' pseudonyms in the issuance log", apply }
    : {
        kind,
        name,
        state: 'update',
        detail: `version ${present.version + 1} is made`,
        notes: [replacing],
        apply,
      }
}
