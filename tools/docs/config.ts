import { readFileSync, writeFileSync } from 'node:fs'
import { envExample } from './env-example.ts'
import { withConfigurationTable } from './readme-table.ts'
import { variables } from './variables.ts'

// Writes what the documents say of the configuration: all of .env.example, and one table of the README.
const root = new URL('../../', import.meta.url)
const readme = new URL('README.md', root)
writeFileSync(new URL('.env.example', root), envExample(variables()))
writeFileSync(readme, withConfigurationTable(readFileSync(readme, 'utf8'), variables()))
