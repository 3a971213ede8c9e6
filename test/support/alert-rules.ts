import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

export interface Rule {
  alert?: string
  record?: string
  expr: string
  for?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

export interface RulesFile {
  groups: { name: string; rules: Rule[] }[]
}

export const prometheusFolder = join(import.meta.dirname, '../../ops/prometheus')
export const rulesPath = join(prometheusFolder, 'padlock.rules.yml')

/** The alert rules as they are shipped. */
export async function readRules(): Promise<RulesFile> {
  return parse(await readFile(rulesPath, 'utf8'))
}

const faster = (duration: string) =>
  duration.replace(/(\d+)([smh])/g, (_all, n, unit) =>
    unit === 's' ? `${Math.round(Number(n) / 0.06)}ms` : `${n}${unit === 'h' ? 'm' : 's'}`,
  )

/**
 * The same rules for a world in which time runs 60 times as fast: of every `for`, every range and every offset, hours
 * become minutes, minutes become seconds, and so on. Nothing else differs: neither what is compared nor the limits.
 */
export function sixtyTimesAsFast({ groups }: RulesFile): RulesFile {
  const expression = (expr: string) => expr.replace(/\[\w+\]|offset \w+/g, faster)
  return {
    groups: groups.map(({ name, rules }) => ({
      name,
      rules: rules.map((rule) => ({
        ...rule,
        expr: expression(rule.expr),
        ...(rule.for === undefined ? {} : { for: faster(rule.for) }),
      })),
    })),
  }
}
