import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cachePath, reserveInCache } from '../cache/user-cache.ts'
import { unpackDebian } from './debian.ts'

/** Debian 13 has Engine 26 and Compose 2, and they run on Debian 12 too; its runc alone does not. */
const PACKAGES = [
  'docker.io/trixie',
  'docker-cli/trixie',
  'docker-compose/trixie',
  'docker-buildx/trixie',
  'containerd/trixie',
  'runc/bookworm',
  'tini/bookworm',
  'slirp4netns/bookworm',
  'libslirp0/bookworm',
]
/** What the images of other makers are imitated with. */
const BASE_PACKAGES = [
  ...[
    'base-files',
    'ca-certificates',
    'gcc-12-base',
    'libc6',
    'libgcc-s1',
    'libssl3',
    'libstdc++6',
    'netbase',
  ],
  ...['tzdata', 'busybox-static'],
]

/** Folders that hold what Debian's packages unpack to. */
export interface EnginePrograms {
  /** a container engine: dockerd, docker with Compose and Buildx, and what they start */
  engine: string
  /** Debian 12's C and C++ libraries, certificates, time zones, and busybox */
  base: string
}

/**
 * Gets a container engine out of Debian's packages: 93 MB, once, kept in the user's cache. Nothing is installed.
 *
 * @param log receives one line when something is downloaded
 * @throws Error with apt's last words
 */
export async function enginePrograms(log: (line: string) => void): Promise<EnginePrograms> {
  const folder = cachePath(process.env, 'engine-debian13')
  const programs = { engine: join(folder, 'engine'), base: join(folder, 'base') }
  const isThere = () =>
    access(folder).then(
      () => true,
      () => false,
    )
  if (await isThere()) {
    return programs
  }
  const lock = await reserveInCache(folder, () => log('Another process is getting the container engine.'))
  const temporary = `${folder}.${process.pid}`
  try {
    if (!(await isThere())) {
      log("Getting a container engine out of Debian's packages, this once: 93 MB, and nothing is installed.")
      await mkdir(dirname(folder), { recursive: true })
      await unpackDebian(join(temporary, 'apt-engine'), PACKAGES, join(temporary, 'engine'))
      const base = BASE_PACKAGES.map((name) => `${name}/bookworm`)
      await unpackDebian(join(temporary, 'apt-base'), base, join(temporary, 'base'))
      await rm(join(temporary, 'apt-engine'), { recursive: true })
      await rm(join(temporary, 'apt-base'), { recursive: true })
      await rename(temporary, folder)
    }
  } finally {
    await rm(temporary, { recursive: true, force: true })
    await lock.release()
  }
  return programs
}
