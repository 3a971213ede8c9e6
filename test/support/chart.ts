import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { kubernetesProgram } from './cluster.ts'
import type { Manifest } from './kubernetes.ts'

export const chartFolder = join(import.meta.dirname, '../../ops/helm/padlock')

/** Values that turn on all that the Prometheus operator reads. */
export const monitored = ['--set=serviceMonitor.enabled=true', '--set=prometheusRule.enabled=true']

/**
 * Runs helm, without a cluster and without anybody's settings.
 *
 * @returns its standard output; its standard error has a line on the link in the chart's files/
 */
export async function helm(...args: string[]): Promise<string> {
  const env = { HOME: '/nonexistent', PATH: process.env.PATH }
  return (await promisify(execFile)(kubernetesProgram('helm'), args, { env })).stdout
}

/** What helm makes of the chart, or of another one, for a release in the namespace `padlock`. */
export async function rendered(
  options: string[] = [],
  chart = chartFolder,
  release = 'padlock',
): Promise<Manifest[]> {
  const text = await helm('template', release, chart, '--namespace=padlock', ...options)
  return parseAllDocuments(text).flatMap((document) => document.toJS() ?? [])
}
