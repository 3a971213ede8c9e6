import { Check } from 'typebox/schema'
import { SigningKeyNameSchema } from '../../token/profile.ts'
import type { RolePath } from './app-role.ts'

/** Every text in quotes on one line: paths of HCL and of JSON, and a few words more. */
const quoted = (text: string): string[] =>
  [...text.matchAll(/"([^"\n]+)"/g)].map(([, path]) => path as string)

/** What a policy's text says, as far as `policyText` or an earlier version of it wrote that. */
export interface PolicyContents {
  /** mounts of transit engines and of KV stores in which it names things of Padlock's */
  mounts: Set<string>
  /** transit keys of the given mount that have paths of their own: the service signs with them, operators rotate them */
  signingKeys: string[]
  /** AppRole roles whose secret_id it allows to look up */
  logins: RolePath[]
}

/**
 * Reads a policy's text, which may have been written by hand or by another version of Padlock.
 *
 * @param transitMount of the signing keys that are looked for
 */
export function policyContents(text: string, transitMount: string): PolicyContents {
  const paths = quoted(text)
  const matches = (pattern: RegExp) => paths.flatMap((path) => pattern.exec(path)?.slice(1) ?? [])
  const keyPaths = [/^(.+)\/sign\/([^/]+)\/sha2-256$/, /^(.+)\/keys\/([^/]+)\/rotate$/]
  return {
    mounts: new Set([
      ...matches(/^(.+?)\/(?:sign|keys)\/padlock-/),
      ...matches(/^(.+?)\/(?:data|metadata|delete|undelete)\/padlock(?:\/|$)/),
    ]),
    signingKeys: keyPaths.flatMap((pattern) => {
      return paths.flatMap((path) => {
        const [, mount, key] = pattern.exec(path) ?? []
        return mount === transitMount && Check(SigningKeyNameSchema, key) ? [key as string] : []
      })
    }),
    logins: paths.flatMap((path) => {
      const [, mount, name] = /^auth\/(.+)\/role\/([^/*+]+)\/secret-id\/lookup$/.exec(path) ?? []
      return mount === undefined || name === undefined ? [] : [{ mount, name }]
    }),
  }
}

/** True where a policy's text has a path for RS256 signatures of a key: its own, or one that ends in `*`. */
export function allowsSigning(text: string, transitMount: string, key: string): boolean {
  const path = `${transitMount}/sign/${key}/sha2-256`
  return quoted(text).some((rule) =>
    rule.endsWith('*') ? rule.includes('/sign/') && path.startsWith(rule.slice(0, -1)) : rule === path,
  )
}

/** True where a policy's text has a path for signatures of any key of Padlock's. */
export const signs = (text: string): boolean => quoted(text).some((path) => /\/sign\/padlock-/.test(path))
