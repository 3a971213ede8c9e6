import { statSync } from 'node:fs'

/**
 * What tells whether files have been written again since: another stamp. A link is followed, so that a mounted
 * Kubernetes secret, which changes by its link, is seen. A file that is not there has a stamp as well.
 */
export function fileStamp(...paths: string[]): string {
  return paths
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false })
      return stat === undefined ? 'none' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`
    })
    .join(' ')
}
