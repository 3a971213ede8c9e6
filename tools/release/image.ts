import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { filesOfTar } from './tar.ts'

async function docker(...args: string[]): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 2 ** 30 } as const
  return (await promisify(execFile)('docker', args, options)).stdout
}

/**
 * The files of an image by path, each with a line of what it is: see {@link filesOfTar}.
 *
 * @returns all but what is below /app/compiled: V8's compile cache holds a hash seed that is random
 */
export async function filesOfImage(image: string): Promise<Map<string, string>> {
  const container = (await docker('create', image)).toString().trim()
  try {
    const files = filesOfTar(await docker('export', container))
    return new Map([...files].filter(([path]) => !path.startsWith('/app/compiled/')))
  } finally {
    await docker('rm', container)
  }
}

/** Builds the production image of a checkout, without what earlier builds left, and removes it. @returns its files */
export async function filesOfBuiltImage(checkout: string): Promise<Map<string, string>> {
  const build = ['build', '--no-cache', '--quiet', '--target', 'production', checkout]
  const image = (await docker(...build)).toString().trim()
  try {
    return await filesOfImage(image)
  } finally {
    await docker('image', 'rm', image)
  }
}
