import { refused } from '../../../cli/exit.ts'
import { durationText } from '../../../cli/values/duration.ts'
import { AppRole, type RoleFields, type RolePath } from '../../../vault/admin/app-role.ts'
import { enableAppRole, type Mount, readAuthMaxTtl } from '../../../vault/admin/mounts.ts'
import { policyName, readPolicy } from '../../../vault/admin/policies.ts'
import { signs } from '../../../vault/admin/policy-contents.ts'
import type { VaultClient } from '../../../vault/client/client.ts'
import {
  type AppRoleSettings,
  defaultSecretIdTtl,
  defaultTokenPeriod,
  type SetupSettings,
} from '../settings.ts'
import { type Step, unchanged } from '../step.ts'

/** Vault's own longest life where nothing else is set: 32 days. */
const vaultMaxTtl = 32 * 86_400

/** The service's role as it is in Vault, and the steps that make it what it should be. */
export interface RolePlan {
  steps: Step[]
  role: AppRole
  /** undefined while there is no such role */
  present: RoleFields | undefined
}

// A /32 is written with and without its prefix: Vault itself leaves it out in one field and keeps it in another.
const cidr = (entry: string) => (entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? 128 : 32}`)
const cidrs = (list: readonly string[] | null | undefined) => (list ?? []).map(cidr)

/** The fields that the role shall have: Padlock's own, then those given, then those it has, then defaults. */
function wantedRole(
  settings: AppRoleSettings,
  signer: string,
  present: RoleFields | undefined,
  maxTtl: number,
) {
  return {
    bind_secret_id: true,
    // A secret_id is used again for each new login.
    secret_id_num_uses: 0,
    secret_id_ttl:
      settings.secretIdTtlSeconds ?? present?.secret_id_ttl ?? Math.min(defaultSecretIdTtl, maxTtl),
    secret_id_bound_cidrs: cidrs(settings.secretIdBoundCidrs ?? present?.secret_id_bound_cidrs),
    token_bound_cidrs: cidrs(settings.tokenBoundCidrs ?? present?.token_bound_cidrs),
    token_explicit_max_ttl: 0,
    token_no_default_policy: true,
    token_num_uses: 0,
    token_period:
      settings.tokenPeriodSeconds || present?.token_period || Math.min(defaultTokenPeriod, maxTtl),
    token_policies: [signer],
    // Batch tokens cannot be renewed.
    token_type: 'service',
  } satisfies Partial<RoleFields>
}

function fieldText(field: string, value: unknown): string {
  if (value !== null && !Array.isArray(value)) {
    return String(value)
  }
  const list: string[] = value ?? []
  return (field.endsWith('cidrs') ? cidrs(list) : list).join(',') || 'none'
}

function differences(present: RoleFields, wanted: Partial<RoleFields>): string[] {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const [before, after] = [fieldText(field, present[field as keyof RoleFields]), fieldText(field, value)]
    return before === after ? [] : [`${field} ${before} -> ${after}`]
  })
}

/** Vault cuts what is longer than the mount allows, without a word: so it is said here. */
function checkLife(option: string, seconds: number, given: boolean, maxTtl: number, mount: string): string[] {
  if (seconds <= maxTtl) {
    return []
  }
  const sentence =
    `auth/${mount} lets nothing live longer than ${durationText(maxTtl)}, and would cut ${option} ` +
    `(${durationText(seconds)}) to that without a word. Give a shorter one, or ` +
    `\`vault auth tune -max-lease-ttl=${Math.ceil(seconds / 3600)}h ${mount}/\`.`
  if (given) {
    throw refused(sentence)
  }
  return [sentence]
}

/** A role that logs a service in with another policy that signs: that service would get this one's rights. */
async function refuseOthersLogin(
  client: VaultClient,
  { mount, name }: RolePath,
  { token_policies: policies }: RoleFields,
  signer: string,
): Promise<void> {
  if (policies?.includes(signer)) {
    return
  }
  for (const policy of policies ?? []) {
    const text = await readPolicy(client, policy)
    if (text === undefined || !signs(text)) {
      continue
    }
    throw refused(
      `The AppRole role ${mount}/${name} logs in with the policy ${policy}: it belongs to another Padlock, whose tokens ` +
        'would end at its next login. Give a role of its own with --role-name or --approle-mount, or the ' +
        '--policy-prefix that it has.',
    )
  }
}

/** The steps of the AppRole method and of the service's role on it. */
export async function planRole(
  client: VaultClient,
  methods: Map<string, Mount>,
  settings: AppRoleSettings,
  setup: SetupSettings,
): Promise<RolePlan> {
  const signer = policyName('signer', setup.policyPrefix)
  const role = new AppRole(client, { mount: settings.mount, name: settings.role })
  const { path } = role
  const method = methods.get(settings.mount)
  if (method !== undefined && method.type !== 'approle') {
    throw refused(
      `At auth/${settings.mount}/ there is a method of type ${method.type}: give another path with --approle-mount.`,
    )
  }
  const newMaxTtl = Math.max(settings.secretIdTtlSeconds ?? defaultSecretIdTtl, vaultMaxTtl)
  const maxTtl = method === undefined ? newMaxTtl : await readAuthMaxTtl(client, settings.mount)
  const methodDetail = `mounted; a secret_id may live ${durationText(maxTtl)}`
  const present = method === undefined ? undefined : await role.read()
  if (present !== undefined) {
    await refuseOthersLogin(client, path, present, signer)
  }
  const wanted = wantedRole(settings, signer, present, maxTtl)
  const { secret_id_ttl: ttl, token_period: period } = wanted
  const notes = [
    ...checkLife('--secret-id-ttl', ttl, settings.secretIdTtlSeconds !== undefined, maxTtl, settings.mount),
    ...checkLife('--token-period', period, settings.tokenPeriodSeconds !== undefined, maxTtl, settings.mount),
  ]
  const life = ttl === 0 ? 'secret_id never expires' : `secret_id lives ${durationText(ttl)}`
  const step = { kind: 'AppRole role', name: `${path.mount}/${path.name}`, notes }
  const detail = `${life}, token renewed within ${durationText(period)}`
  const apply = () => role.write(wanted)
  const changes = present === undefined ? [] : differences(present, wanted)
  return {
    role,
    present,
    steps: [
      method === undefined
        ? {
            ...{ kind: 'AppRole method', name: path.mount, state: 'create', detail: methodDetail },
            apply: () => enableAppRole(client, path.mount, maxTtl),
          }
        : unchanged('AppRole method', path.mount, methodDetail),
      present === undefined
        ? { ...step, state: 'create', detail, apply }
        : changes.length === 0
          ? { ...step, state: 'unchanged', detail }
          : { ...step, state: 'update', detail: changes.join('; '), apply },
    ],
  }
}
