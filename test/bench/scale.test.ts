import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { lineChart } from '../../bench/chart.ts'
import { withPart } from '../../bench/report.ts'
import { refuseElection, refuseMore, scaleCell, share, timesOneNode } from '../../bench/scale/cells.ts'
import { scaleChart, scalePart } from '../../bench/scale/report.ts'
import { holdToShare } from '../../bench/scale/share.ts'
import { scaleOf } from '../support/bench-cell.ts'

const sample = (perSecond: number, nodeCores: number[], errors = 0) => ({
  ...{ perSecond, p50Ms: 500, p99Ms: 900, errors, nodeCores, padlockCores: 0.3 },
})

t.test('rounds become medians, growth is that of each round, errors add up', async (t) => {
  const one = scaleCell(1, 1, [sample(100, [0.2, 0]), sample(50, [0.2, 0.02]), sample(100, [0.1, 0.01])])
  // The machine was twice as slow in the second round.
  const two = scaleCell(1, 2, [
    sample(190, [0.2, 0.2], 1),
    sample(95, [0.2, 0.2]),
    sample(180, [0.2, 0.2], 2),
  ])
  t.match(one, { instances: 1, nodes: 1, nodeCores: [0.2, 0.01], errors: 0 })
  t.equal(two.errors, 3)
  t.match(timesOneNode([one, two, { ...one, instances: 2 }], two), { median: 1.9, min: 1.8, max: 1.9 })
})

t.test('a run with an election, or with a node that nothing held, is none', async (t) => {
  const leader = { leader: 'node-1', term: 3 }
  t.doesNotThrow(() => refuseElection(leader, { ...leader }))
  t.throws(() => refuseElection(leader, { ...leader, term: 5 }), /election/)
  t.throws(() => refuseElection(leader, { ...leader, leader: 'node-2' }), /election/)
  t.doesNotThrow(() => refuseMore([share, 0, share * 1.09]))
  t.throws(() => refuseMore([share, share * 1.2]), /0\.240/)
})

t.test(
  'the report: growth in words, what is to be reached of OpenBao alone, and the page has a place',
  async (t) => {
    const both = [scaleOf('OpenBao', [100, 190, 255]), scaleOf('Vault', [100, 99, 98])]
    const part = scalePart(both)
    t.match(
      part,
      '**OpenBao 1.2.3**, tokens a second against those through one node: 1.90 times through two nodes with 1 × Padlock, 2.55 times through three nodes with 1 × Padlock.',
    )
    t.match(part, '**Vault 1.2.3**, tokens a second against those through one node: 0.99 times through two')
    t.match(part, /2 nodes of OpenBao .* \| 1\.90 \(1\.90–1\.90\) \| ≥ 1\.8 \| yes/)
    t.match(part, /3 nodes of OpenBao .* \| 2\.55 .* \| ≥ 2\.6 \| \*\*no\*\*/)
    t.notMatch(part, /nodes of Vault/)
    t.notMatch(scalePart([scaleOf('Vault', [100, 99, 98])]), 'to reach', 'of Vault nothing is')
    const failed = scalePart([scaleOf('OpenBao', [100, 190], { errors: 1 })])
    t.match(failed, /1\.90 .*, 2 errors \| ≥ 1\.8 \| \*\*no\*\*/)
    const page = await readFile(join(import.meta.dirname, '../../docs/performance.md'), 'utf8')
    const once = withPart(page, part, 'make bench-scale')
    const ends = (text: string) => text.split('<!-- end of benchmark').length
    t.equal(ends(once), ends(page))
    t.match(once, part.trim())
    t.equal(once.slice(0, once.indexOf('## Several nodes')), page.slice(0, page.indexOf('## Several nodes')))
  },
)

t.test('a chart of nodes has them in even steps', async (t) => {
  const svg = lineChart(scaleChart([scaleOf('OpenBao', [100, 190, 280])]))
  const [one, two, three] = [...svg.matchAll(/cx="([\d.]+)"/g)].map((match) => Number(match[1]))
  t.equal((two as number) - (one as number), (three as number) - (two as number))
})

t.test(
  'a share of a core is a quota in a group of its own, in both versions of control groups',
  async (t) => {
    for (const version of [1, 2]) {
      const root = `${t.testdir({ [`v${version}`]: {} })}/v${version}`
      const parent = version === 1 ? join(root, 'cpu') : root
      await mkdir(parent, { recursive: true })
      if (version === 1) {
        await writeFile(join(parent, 'cpu.cfs_quota_us'), '-1')
      }
      holdToShare({ teardown: () => {} }, [71, 72], 0.2, root)
      const read = (file: string) => readFile(join(parent, 'padlock-bench-72', file), 'utf8')
      t.equal(await read('cgroup.procs'), '72')
      if (version === 1) {
        t.equal(await read('cpu.cfs_period_us'), '10000')
        t.equal(await read('cpu.cfs_quota_us'), '2000')
        t.equal(await read('cpu.shares'), '10240')
      } else {
        t.equal(await readFile(join(root, 'cgroup.subtree_control'), 'utf8'), '+cpu')
        t.equal(await read('cpu.max'), '2000 10000')
        t.equal(await read('cpu.weight'), '1000')
      }
    }
    t.throws(
      () => holdToShare({ teardown: () => {} }, [71], 0.2, join(t.testdir(), 'none')),
      /held to a share/,
    )
  },
)
