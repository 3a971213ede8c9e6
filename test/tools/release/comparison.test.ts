import t from 'tap'
import { changelogFault, differences } from '../../../tools/release/comparison.ts'

const sbom = (serialNumber: string, timestamp: string, components: string[]) =>
  Buffer.from(JSON.stringify({ serialNumber, metadata: { timestamp, tools: ['npm'] }, components }))

t.test(
  'two builds agree when the package is the same, byte for byte, and so are the materials',
  async (t) => {
    const first = new Map([
      ['p.tgz', Buffer.from('same')],
      ['p.cdx.json', sbom('urn:1', '2026-01-01', ['jose'])],
    ])
    const second = new Map([
      ['p.tgz', Buffer.from('same')],
      ['p.cdx.json', sbom('urn:2', '2026-01-02', ['jose'])],
    ])
    t.strictSame(differences(first, second), [])
  },
)

t.test('a byte, a material or a file that differs is named', async (t) => {
  const first = new Map([
    ['p.tgz', Buffer.from('one')],
    ['p.cdx.json', sbom('urn:1', '2026-01-01', ['jose'])],
    ['more', Buffer.from('')],
  ])
  const second = new Map([
    ['p.tgz', Buffer.from('two')],
    ['p.cdx.json', sbom('urn:1', '2026-01-01', ['jose', 'another'])],
  ])
  t.strictSame(differences(first, second), [
    'p.tgz differs between two builds of this commit.',
    'p.cdx.json differs between two builds of this commit.',
    'more is missing from one of two builds.',
  ])
})

t.test('a release has its section in the changelog, with a date', async (t) => {
  t.equal(changelogFault('# Changelog\n\n## [0.1.0] - 2026-11-29\n', '0.1.0'), undefined)
  t.match(changelogFault('## [Unreleased]\n', '0.1.0'), /no section for 0\.1\.0/)
  t.match(changelogFault('## [0.1.0]\n', '0.1.0'), /no date/)
})
