import { join } from 'node:path'
import { cachePath, madeOnce } from '../cache/user-cache.ts'
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
  await madeOnce({
    target: folder,
    onWait: () => log('Another process is getting the container engine: waiting for it.'),
    make: async (temporary) => {
      log("Getting a container engine out of Debian's packages, this once: 93 MB, and nothing is installed.")
      await unpackDebian(join(temporary, 'apt-engine'), PACKAGES, join(temporary, 'kept/engine'))
      const base = BASE_PACKAGES.map((name) => `${name}/bookworm`)
      await unpackDebian(join(temporary, 'apt-base'), base, join(temporary, 'kept/base'))
      return join(temporary, 'kept')
    },
  })
  return programs
}
