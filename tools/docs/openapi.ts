import { writeFileSync } from 'node:fs'
import { openApiDocument } from './openapi-document.ts'

// Writes openapi.json, for who reads the contract without a running Padlock.
writeFileSync(new URL('../../openapi.json', import.meta.url), await openApiDocument())
