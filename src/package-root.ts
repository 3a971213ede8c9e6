import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'

/** The folder of Padlock's own package: the checkout, or what was installed. Files that it brings are below it. */
export const packageRoot = dirname(findPackageJSON(import.meta.url) as string)
