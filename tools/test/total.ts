import { readFileSync } from 'node:fs'

// Adds up the last lines of several runs, from the files in which they are kept, and prints one of the same form.

const totals = process.argv.slice(2).map((file) => {
  const line = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(readFileSync(file, 'utf8')) ?? []
  const [passed, failed, skipped = 0] = line.slice(1).map((count) => Number(count ?? 0))
  return { passed, failed, skipped }
})
const sum = (key: 'passed' | 'failed' | 'skipped') =>
  totals.reduce((all, one) => all + (one[key] ?? Number.NaN), 0)
const skipped = sum('skipped')
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`)
