import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { profileCommands } from '../support/profiles.ts'
import { block, withPadlock } from '../support/readme.ts'

const run = promisify(execFile)

t.test('the commands for profiles and recipient keys', async (t) => {
  const { vault, env, create, newKey, stored } = await profileCommands(t)
  await create('default')
  const { file, thumbprint, fingerprint } = await newKey()
  await copyFile(file, join(vault.dir, 'iadvize-new.pub'))
  const commands = (await block('profiles', new URL('../../docs/go-live.md', import.meta.url)))
    // Nobody is there to answer their questions.
    .replace(/ (update|rollback|add) default.*/g, '$& --yes')
    .replace(/ activate default/, `$& --yes --fingerprint ${fingerprint}`)
  const { stdout } = await run('bash', ['--norc', '-euc', withPadlock(commands)], {
    cwd: vault.dir,
    env: { ...env, PATH: process.env.PATH },
  })
  t.match(stdout, /~ +tokenTtlSeconds +60 -> 90.*version 2 \(current\).*Rolled default back/s)
  t.match((await stored('default')).data, { tokenTtlSeconds: 60, activeRecipientKey: thumbprint })
})
