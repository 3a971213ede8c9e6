import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { parse, stringify } from 'yaml'
import { freePort } from '../../dev/free-port.ts'
import { endingWithParent } from '../../dev/vault-process.ts'
import { prometheusFolder, readRules, sixtyTimesAsFast } from './alert-rules.ts'
import { until } from './wait.ts'

/** A series of an answer, with its value now. */
export interface Sample {
  labels: Record<string, string>
  value: number
}

export interface Prometheus {
  /** Asks for the value of an expression, now. */
  query(expression: string): Promise<Sample[]>
  /** Names of the alerts that fire, now, with the instances and profiles that they name. */
  firing(): Promise<string[]>
}

/**
 * Starts a real Prometheus (Debian's package `prometheus`) with the configuration and the rules of ops/prometheus, in
 * which time runs 60 times as fast, and waits until it has scraped every instance. It ends with the test.
 *
 * @param urls the instances of Padlock that stand in the place of the shipped target
 */
export async function startPrometheus(t: Pick<Test, 'teardown'>, urls: string[]): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'padlock-prometheus-'))
  const config = parse(await readFile(join(prometheusFolder, 'prometheus.yml'), 'utf8'))
  // Padlock collects its metrics once a second; who asks sooner waits.
  Object.assign(config.global, {
    scrape_interval: '1s',
    scrape_timeout: '1s',
    evaluation_interval: '250ms',
  })
  config.scrape_configs[0].static_configs[0].targets = urls.map((url) => new URL(url).host)
  await writeFile(join(dir, 'prometheus.yml'), stringify(config))
  await writeFile(join(dir, config.rule_files[0]), stringify(sixtyTimesAsFast(await readRules())))
  const address = `127.0.0.1:${await freePort(0, '127.0.0.1')}`
  const [command, ...words] = await endingWithParent([
    'prometheus',
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ])
  const child = spawn(command as string, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) {
      await once(child, 'exit')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const ready = () =>
    fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await ready())) {
    if (child.exitCode !== null) {
      throw new Error(`prometheus ended with ${child.exitCode}`)
    }
    await sleep(50)
  }

  async function query(expression: string): Promise<Sample[]> {
    const answer = await fetch(`http://${address}/api/v1/query?${new URLSearchParams({ query: expression })}`)
    const { status, data, error } = (await answer.json()) as {
      status: string
      data: { result: { metric: Record<string, string>; value: [number, string] }[] }
      error?: string
    }
    if (status !== 'success') {
      throw new Error(error)
    }
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }
  async function firing() {
    const samples = await query('ALERTS{alertstate="firing"}')
    return samples.map(({ labels }) => labels.alertname as string)
  }
  // It takes up its targets after five seconds, which are five minutes here: until then PadlockAbsent may fire.
  await until(async () => (await query('up == 1')).length === urls.length)
  await until(async () => !(await firing()).includes('PadlockAbsent'))
  return { query, firing }
}
