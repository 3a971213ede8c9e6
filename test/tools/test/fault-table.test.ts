import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { faultTable, readRows } from '../../../tools/test/fault-table.ts'

const row = {
  fault: 'Vault paused',
  tokens: 290,
  refusals: 12,
  anythingElse: 0,
  codes: { vault_unavailable: 2, vault_timeout: 10 },
  recoverySeconds: 0.26,
}

const lines = (rows: object[]) => readRows(() => rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
const never = { ...row, fault: 'A cable cut', codes: {}, recoverySeconds: undefined }

t.test('a row for each fault, in the order of their names, with the last result of each', async (t) => {
  const first = { ...row, tokens: 1 }
  t.strictSame(faultTable({ Vault: lines([first, row, never]), OpenBao: [] }).split('\n'), [
    '| fault | Vault: tokens good | clear refusals | anything else | recovery (s) | codes of the refusals |',
    '| --- | ---: | ---: | ---: | ---: | --- |',
    '| A cable cut | 290 | 12 | 0 | never |  |',
    '| Vault paused | 290 | 12 | 0 | 0.3 | `vault_timeout` 10, `vault_unavailable` 2 |',
  ])
})

t.test('two servers beside each other', async (t) => {
  const other = { ...row, tokens: 300, codes: { vault_unavailable: 40 }, recoverySeconds: 0 }
  const heads = ['tokens good | clear refusals | anything else | recovery (s)']
  t.strictSame(faultTable({ Vault: lines([row, never]), OpenBao: lines([other]) }).split('\n'), [
    `| fault | Vault: ${heads} | OpenBao: ${heads} | codes of the refusals |`,
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    '| A cable cut | 290 | 12 | 0 | never |  |  |  |  |  |',
    '| Vault paused | 290 | 12 | 0 | 0.3 | 300 | 12 | 0 | 0.0 | `vault_unavailable` 2 / 40, `vault_timeout` 10 / 0 |',
  ])
})

t.test('no rows where no test handed over any', async (t) => {
  const missing = () => {
    throw new Error('ENOENT')
  }
  t.strictSame(readRows(missing), [])
})

t.test('the last lines of two runs become one', async (t) => {
  const folder = t.testdir({ a: '1200 passed, 0 failed\n', b: '30 passed, 2 failed\n' })
  const total = (...files: string[]) =>
    execFileSync(process.execPath, ['tools/test/total.ts', ...files.map((file) => join(folder, file))])
  t.equal(`${total('a', 'b')}`, '1230 passed, 2 failed\n')
  t.equal(`${total('a')}`, '1200 passed, 0 failed\n')
  t.equal(`${total()}`, '0 passed, 0 failed\n')
})
