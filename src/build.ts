import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

const manifest: { version: string } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

/** What runs: Padlock, Node, and the Unicode tables that the rules of a userId are read from. */
export const build = Object.freeze({
  version: manifest.version,
  node: process.versions.node,
  unicode: process.versions.unicode,
  icu: process.versions.icu,
})
