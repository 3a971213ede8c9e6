import { execFile } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The address of Debian's packages that this machine uses. @returns undefined on another system */
async function mirror(): Promise<string | undefined> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format=$(ORIGIN) $(COMPONENT) $(REPO_URI)',
    'Created-By: Packages',
  ]).catch(() => ({ stdout: '' }))
  return /^Debian main (\S+)$/m.exec(stdout)?.[1]
}

/**
 * Unpacks packages of Debian's releases into a folder and installs nothing. apt checks Debian's signature.
 *
 * @param work folder for lists and archives
 * @param packages `name/release`, such as `docker.io/trixie`
 * @param into folder that stands for `/`
 * @throws Error with apt's last words
 */
export async function unpackDebian(work: string, packages: readonly string[], into: string): Promise<void> {
  const address = await mirror()
  if (address === undefined) {
    throw new Error('This is not a Debian with apt-get.')
  }
  const releases = [...new Set(packages.map((name) => name.split('/')[1] as string))]
  const archives = join(work, 'archives')
  await mkdir(join(work, 'lists/partial'), { recursive: true })
  await mkdir(archives, { recursive: true })
  const lines = releases.map((release) => `deb [signed-by=${KEYRING}] ${address} ${release} main\n`)
  await writeFile(join(work, 'sources.list'), lines.join(''))
  // The machine's own lists stay as they are.
  const settings = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': work,
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': '',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await run('apt-get', ['-qq', ...options, 'update'])
  await run('apt-get', ['-qq', ...options, 'download', ...packages], { cwd: archives })
  await mkdir(into, { recursive: true })
  for (const archive of await readdir(archives)) {
    await run('dpkg-deb', ['-x', join(archives, archive), into])
  }
}
