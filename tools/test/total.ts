import { readFileSync } from 'node:fs'

// Adds up the last lines of several runs, from the files in which they are kept, and prints one of the same form.

const totals = process.argv.slice(2).map((file) => {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(readFileSync(file, 'utf8')) ?? []
  return { passed: Number(passed), failed: Number(failed) }
})
const sum = (key: 'passed' | 'failed') => totals.reduce((all, one) => all + one[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
