import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '../../.github/workflows')
const files = (await readdir(folder)).sort()
const texts = new Map<string, string>()
for (const file of files) {
  texts.set(file, await readFile(join(folder, file), 'utf8'))
}

interface Workflow {
  permissions: unknown
  jobs: Record<string, { permissions: unknown; 'timeout-minutes': unknown; steps: { run?: string }[] }>
}

/** All that a job may do with GitHub's token. */
const allowed: Record<string, Record<string, unknown>> = {
  'ci.yml': { test: { contents: 'read' } },
  'release.yml': {
    package: { contents: 'read' },
    architecture: { contents: 'read', packages: 'write' },
    image: { packages: 'write', 'id-token': 'write', attestations: 'write' },
    provenance: { 'id-token': 'write', attestations: 'write' },
    draft: { contents: 'write' },
  },
}

t.strictSame(files, Object.keys(allowed))

for (const [file, text] of texts) {
  const { permissions, jobs }: Workflow = parse(text)

  t.test(`${file}: an action is pinned by its commit, and its version is told`, async (t) => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line))
    t.ok(uses.length > 0)
    for (const line of uses) {
      t.match(line, /^ +- uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  t.test(`${file}: a job has no right that the list does not name, and an end`, async (t) => {
    t.strictSame(permissions, {})
    t.strictSame(
      Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions])),
      allowed[file],
    )
    for (const [name, job] of Object.entries(jobs)) {
      t.type(job['timeout-minutes'], 'number', name)
    }
  })

  t.test(`${file}: no command has a text of GitHub's put into it`, async (t) => {
    for (const { run } of Object.values(jobs).flatMap(({ steps }) => steps)) {
      t.notMatch(run ?? '', '${{')
    }
  })
}
