import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Product } from '../tools/vault/vault-binary.ts'
import type { Figure } from './figures.ts'
import type { Limit } from './limits.ts'
import type { Cell } from './measure.ts'
import type { MemoryResult } from './memory.ts'
import type { Overload } from './overload.ts'
import type { ScaleCell } from './scale/cells.ts'
import type { Starts } from './starts.ts'

/** All that a run of the benchmark found. */
export interface Results extends Overload {
  /** YYYY-MM-DD */
  date: string
  machine: string
  vault: string
  node: string
  figures: Figure[]
  cells: Cell[]
  /** the same for RSA with 3,072 bits */
  cells3072: Cell[]
  limits: Limit[]
  starts: Starts
}

const memoryFile = join(import.meta.dirname, 'memory.json')

/** Such as `2 cores, AMD EPYC, 24 GB`. */
export function machine(): string {
  const [first] = cpus()
  return `${cpus().length} cores, ${first?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`
}

const resultsFile = join(import.meta.dirname, 'results.json')

/** JSON with numbers of five digits, and lists of numbers on a line each. */
export function compactJson(value: unknown): string {
  const round = (_key: string, one: unknown) => (typeof one === 'number' ? Number(one.toPrecision(5)) : one)
  return JSON.stringify(value, round, 2).replace(/\[[\d\s,.eE+-]+\]/g, (list) =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  )
}

export function writeResults(results: Results): void {
  writeFileSync(resultsFile, `${compactJson(results)}\n`)
}

/**
 * What `make bench` wrote the last time.
 *
 * @throws Error of the system where it was never run
 */
export function readResults(): Results {
  return JSON.parse(readFileSync(resultsFile, 'utf8'))
}

/** What a file holds; undefined where it was never written. */
function readIfThere(file: string) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined
    }
    throw error
  }
}

/** What `make bench-memory` found the last time; undefined where it was never run. */
export function readMemory(): MemoryResult | undefined {
  return readIfThere(memoryFile)
}

export function writeMemory(result: MemoryResult): void {
  writeFileSync(memoryFile, `${compactJson(result)}\n`)
}

/** What a run of `make bench-scale` found. */
export interface ScaleResults {
  /** YYYY-MM-DD */
  date: string
  machine: string
  product: Product
  version: string
  cells: ScaleCell[]
}

const scaleFile = join(import.meta.dirname, 'scale.json')

/** What the last run on each product found; none where there was no run. */
export function readScale(): ScaleResults[] {
  return readIfThere(scaleFile) ?? []
}

export function writeScale(results: readonly ScaleResults[]): void {
  writeFileSync(scaleFile, `${compactJson(results)}\n`)
}
