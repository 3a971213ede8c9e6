import { refused } from '../../cli/exit.ts'
import { AppRole, type RolePath } from '../../vault/admin/app-role.ts'
import {
  type PolicyPaths,
  type PolicyRole,
  policyName,
  policyRoles,
  policyText,
  readPolicy,
  writePolicy,
} from '../../vault/admin/policies.ts'
import { policyContents } from '../../vault/admin/policy-contents.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import type { SetupSettings } from './settings.ts'
import { type Step, unchanged } from './step.ts'

const purposes = {
  signer: 'the service: signs, changes nothing',
  operator: 'people: keys and profiles, no signing',
  auditor: 'people: the audit trail, reads only',
}

const few = (keys: readonly string[]) =>
  keys.length > 5 ? `${keys.slice(0, 5).join(', ')} and ${keys.length - 5} more` : keys.join(', ')

/** The mounts that a policy names and that are not this Padlock's, in words; undefined where there are none. */
export function foreignMounts(text: string, { transitMount, kvMount }: SetupSettings): string | undefined {
  const own = [transitMount, kvMount]
  const others = [...policyContents(text, transitMount).mounts].filter((mount) => !own.includes(mount))
  return others.length === 0 ? undefined : others.map((mount) => `${mount}/`).join(' and ')
}

/** Roles beside the one that is set up whose logins the policy serves: a run for one role leaves the others alone. */
async function otherLogins(client: VaultClient, text: string, settings: SetupSettings): Promise<RolePath[]> {
  const { appRole, transitMount, policyPrefix } = settings
  const roles: RolePath[] = []
  for (const path of policyContents(text, transitMount).logins) {
    if (path.mount === appRole?.mount && path.name === appRole.role) {
      continue
    }
    const role = await new AppRole(client, path).read()
    if (role?.token_policies?.includes(policyName('signer', policyPrefix))) {
      roles.push(path)
    }
  }
  return roles
}

/** Where the policies' things are; without a role of this run's own, those of the policy as it is. */
async function policyPaths(
  client: VaultClient,
  settings: SetupSettings,
  signingKeys: readonly string[],
  signer: string,
): Promise<PolicyPaths> {
  const { transitMount, kvMount, appRole } = settings
  const others = await otherLogins(client, signer, settings)
  const own = appRole === undefined ? others.shift() : { mount: appRole.mount, name: appRole.role }
  const { mount, name } = own ?? { mount: 'approle', name: 'padlock' }
  return { transitMount, kvMount, signingKeys, appRoleMount: mount, appRoleName: name, otherLogins: others }
}

const upgrade =
  'First run this version of Padlock everywhere, then change this policy: it refuses signing calls of earlier versions, ' +
  'which send the version of the key as a number.'

/** What a new text of a policy changes, and what the administrator should know beside it. */
async function replacing(
  role: PolicyRole,
  name: string,
  present: string,
  paths: PolicyPaths,
): Promise<Pick<Step, 'detail' | 'notes'>> {
  const { transitMount, signingKeys = [] } = paths
  const before = policyContents(present, transitMount).signingKeys
  const [more, fewer] = [
    signingKeys.filter((key) => !before.includes(key)),
    before.filter((key) => !signingKeys.includes(key)),
  ]
  const notes =
    role === 'signer' && fewer.length > 0
      ? [`The service can no longer sign with ${few(fewer)}: no profile has such a key.`]
      : []
  if (present === (await policyText(role, { ...paths, signingKeys: before }))) {
    const [has, not] = role === 'signer' ? ['may sign with', 'with'] : ['has paths for', 'for']
    const changes = [
      ...(more.length > 0 ? [`${has} ${few(more)} too`] : []),
      ...(fewer.length > 0 ? [`no longer ${not} ${few(fewer)}`] : []),
    ]
    return { detail: `${purposes[role]}; ${changes.join(', ')}`, notes }
  }
  const text =
    `The text of ${name} is replaced: it was changed, or is of another version of Padlock. Who depends on what was ` +
    'added to it loses its rights.'
  const isEarlier = present.includes(`"${transitMount}/sign/padlock-*"`)
  return {
    detail: `${purposes[role]}; its text is replaced`,
    notes: [text, ...notes, ...(isEarlier ? [upgrade] : [])],
  }
}

/**
 * The steps of the policies in `vault-policies/`.
 *
 * @param signingKeys transit keys that the service may sign with
 * @throws CommandError with exit code 1 where a policy of such a name is another Padlock's
 */
export async function planPolicies(
  client: VaultClient,
  settings: SetupSettings,
  signingKeys: readonly string[],
): Promise<Step[]> {
  const names = policyRoles.map((role) => policyName(role, settings.policyPrefix))
  const texts = await Promise.all(names.map((name) => readPolicy(client, name)))
  texts.forEach((text, index) => {
    const others = text === undefined ? undefined : foreignMounts(text, settings)
    if (others === undefined) {
      return
    }
    throw refused(
      `The policy ${names[index]} belongs to a Padlock on ${others}, whose tokens would end if it were replaced. Give ` +
        'this Padlock policies of its own with --policy-prefix NAME.',
    )
  })
  const paths = await policyPaths(client, settings, signingKeys, texts[0] ?? '')
  return Promise.all(
    policyRoles.map(async (role, index): Promise<Step> => {
      const [kind, name, present] = ['policy', names[index] as string, texts[index]]
      const wanted = await policyText(role, paths)
      if (present === wanted) {
        return unchanged(kind, name, purposes[role])
      }
      const apply = () => writePolicy(client, name, wanted)
      if (present === undefined) {
        return { kind, name, state: 'create', detail: purposes[role], apply }
      }
      return { kind, name, state: 'update', ...(await replacing(role, name, present, paths)), apply }
    }),
  )
}
