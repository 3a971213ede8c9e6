import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { cachePath, madeOnce } from '../cache/user-cache.ts'

/** The Keycloak that the tests run; docs/caller-jwt.md names it. */
export const keycloakVersion = '26.7.3'

const SHA256 = '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f'
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

/**
 * Gets Keycloak's distribution from Maven Central with `mvn`, once: it is kept in the user's cache. Several processes may
 * call this at once.
 *
 * @returns the absolute path of the zip
 * @throws Error with one sentence and Maven's last words where the download failed; or AbortError
 */
export async function keycloakZip(log: (line: string) => void, signal: AbortSignal): Promise<string> {
  const target = cachePath(process.env, `keycloak-quarkus-dist-${keycloakVersion}.zip`)
  return madeOnce({
    target,
    onWait: () => log('Another process is getting Keycloak: waiting for it.'),
    make: async (temporary) => {
      log(`Getting Keycloak ${keycloakVersion} with Maven, this once: 177 MB.`)
      await mkdir(temporary)
      const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`
      const goal = [`${DEPENDENCY_PLUGIN}:copy`, artifact, `-DoutputDirectory=${temporary}`]
      await promisify(execFile)('mvn', ['--batch-mode', '--quiet', '--strict-checksums', ...goal], {
        cwd: temporary,
        signal,
      }).catch((error: Error & { stdout?: string }) => {
        if (error.name === 'AbortError') {
          throw error
        }
        const said = (error.stdout || error.message).trim().split('\n').slice(0, 10).join('\n')
        throw new Error(`Keycloak could not be downloaded: check the network and Maven's settings.\n${said}`)
      })
      const zip = join(temporary, basename(target))
      if (hash('sha256', await readFile(zip), 'hex') !== SHA256) {
        throw new Error(`Maven's Keycloak ${keycloakVersion} is not the one that tools/idp/keycloak.ts pins.`)
      }
      return zip
    },
  })
}
