import t from 'tap'
import { padlock } from '../../src/commands/commands.ts'
import { runCommandLine } from '../support/terminal.ts'
import { allVerbs } from '../support/verbs.ts'

const nouns = Object.entries(padlock.commands).flatMap(([name, entry]) => ('verbs' in entry ? [name] : []))
const paths = ['', ...nouns, ...(await allVerbs()).keys()]

/** The sentences of a help that say something: five words at the least. */
const sentences = (help: string) =>
  help
    .replace(/\s+/g, ' ')
    .split(/(?<=[.;:!?]) /)
    .filter((sentence) => sentence.split(' ').length >= 5)

for (const columns of [60, 100]) {
  t.test(`every help is within ${columns} columns`, async (t) => {
    for (const path of paths) {
      const args = [...path.split(' ').filter(Boolean), '--help']
      const { stdout, exitCode } = await runCommandLine({}, args, { columns })
      t.equal(exitCode, 0)
      t.match(stdout, /^Usage: padlock/)
      t.strictSame(
        stdout.split('\n').filter((line) => line.length > columns),
        [],
        path,
      )
    }
  })
}

t.test('no help says a sentence twice', async (t) => {
  for (const path of paths) {
    const { stdout } = await runCommandLine({}, [...path.split(' ').filter(Boolean), '--help'])
    const said = sentences(stdout)
    t.strictSame(
      said.filter((sentence, index) => said.indexOf(sentence) !== index),
      [],
      path,
    )
  }
})
