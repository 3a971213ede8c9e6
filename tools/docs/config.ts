import { writeFileSync } from 'node:fs'
import { configurationPage } from './configuration-page.ts'
import { envExample } from './env-example.ts'
import { variables } from './variables.ts'

// Writes what the documents say of the configuration: .env.example and docs/configuration.md.
const root = new URL('../../', import.meta.url)
writeFileSync(new URL('.env.example', root), envExample(variables()))
writeFileSync(new URL('docs/configuration.md', root), configurationPage(variables()))
