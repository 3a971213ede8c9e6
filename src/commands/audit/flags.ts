import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import type { ServiceLogin } from '../../audit/changes/signing-power.ts'

export const auditLogOption = () =>
  new Option('--log <file...>', "Vault's audit logs: JSON lines, .gz as they are, - for standard input")
export const issuanceLogOption = () =>
  new Option('--issuance-log <file...>', "Padlock's issuance logs, or its standard output; .gz, - as above")
export const deviceOption = () =>
  new Option('--device <name...>', 'audit devices that the logs are of (default: all that Vault has)')

/** What every `padlock audit` command says of itself. */
export const auditHelp = {
  role: 'auditor' as const,
  text: 'The policy padlock-auditor is enough. Logs are read as a stream: their size does not matter.',
}

/** A parser for commander: how many tokens; Infinity for all of them. */
export function sampleSize(value: string): number {
  if (value === 'all') {
    return Number.POSITIVE_INFINITY
  }
  if (value === 'none') {
    return 0
  }
  if (/^[1-9]\d{0,8}$/.test(value)) {
    return Number(value)
  }
  throw new InvalidArgumentError('Give all, none or a number of tokens.')
}

/** A parser for commander: a login of the service, as `<auth mount>/<role>`, behind those given before. */
export function serviceLogins(value: string, before: ServiceLogin[] = []): ServiceLogin[] {
  const [, mount, role] = /^(?:auth\/)?(.+)\/([^/]+)$/.exec(value) ?? []
  if (mount === undefined || role === undefined) {
    throw new InvalidArgumentError('Give the auth mount and the role, such as approle/padlock.')
  }
  return [...before, { mount, role }]
}
