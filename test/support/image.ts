import { execFile } from 'node:child_process'
import { copyFile, lstat, mkdir, symlink } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Copy, Env, Instruction } from 'dockerfile-ast'
import { buildContext, readStages, type Stage, sentToBuild } from './dockerfile.ts'

const run = promisify(execFile)

/** What an image would hold, as a folder, and how it would start. */
export interface Image {
  /** folder that stands for the image's `/` */
  root: string
  workdir: string
  user: string
  env: Record<string, string>
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
}

/** The file or folder that a path in an image's working directory means here; an absolute one is the image's. */
export const inImage = (image: Image, path: string): string =>
  path.startsWith('/') ? join(image.root, path) : join(image.root, image.workdir, path)

/** The image's variables, with paths as they are here. */
export const imageEnv = (image: Image): Record<string, string> =>
  Object.fromEntries(
    Object.entries(image.env).map(([name, value]) => [
      name,
      value.startsWith('/') ? inImage(image, value) : value,
    ]),
  )

const words = (text: string): string[] => JSON.parse(text)
/** The system's own cp is several times as fast as Node's on many small files. */
const copyTree = (from: string, to: string) => run('cp', ['-RP', from, to])

/**
 * Does natively what `docker build` would do: it runs the Dockerfile's instructions on folders in place of layers.
 * An image from outside is an empty folder, and one of Node holds the Node that runs the tests.
 *
 * @param folder where the stages' folders are made
 * @returns a function from a stage's name to what it would be; each stage is made once
 */
export async function imageBuilder(folder: string): Promise<(stage: string) => Promise<Image>> {
  const stages = await readStages()
  const allowed = await sentToBuild()
  const built = new Map<string, Promise<Image>>()

  async function outside(name: string, root: string): Promise<Image> {
    await mkdir(join(root, 'usr/local/bin'), { recursive: true })
    if (/^node:24\./.test(name)) {
      const node = join(folder, 'node')
      // A copy, since another user may not reach the folder that the tests' own is in.
      await copyFile(process.execPath, node)
      await symlink(node, join(root, 'usr/local/bin/node'))
    }
    return { root, workdir: '/', user: '', env: {}, entrypoint: [], command: [], healthcheck: [] }
  }

  async function copy(instruction: Copy, image: Image): Promise<void> {
    const paths = instruction.getArguments().map((argument) => argument.getValue())
    const destination = paths.pop() as string
    const stage = instruction
      .getFlags()
      .find((flag) => flag.getName() === 'from')
      ?.getValue()
    const source = stage ? (await build(stage)).root : buildContext
    for (const path of paths) {
      const name = path.replace(/\/$/, '')
      if (!stage && !allowed.some((sent) => name === sent || name.startsWith(`${sent}/`))) {
        throw new Error(`.dockerignore keeps ${path} out`)
      }
      const from = join(source, name)
      const isFolder = (await lstat(from)).isDirectory()
      // Of a folder, Docker copies what is in it.
      const to = inImage(
        image,
        isFolder || !destination.endsWith('/') ? destination : join(destination, basename(name)),
      )
      await mkdir(isFolder ? to : dirname(to), { recursive: true })
      await copyTree(isFolder ? `${from}/.` : from, to)
    }
  }

  async function shell(text: string, image: Image): Promise<void> {
    if (text.startsWith('[')) {
      const [, ...args] = words(text).map((word) => (word.startsWith('/') ? inImage(image, word) : word))
      await run(process.execPath, args, { cwd: inImage(image, '.'), env: imageEnv(image) })
      return
    }
    const path = [dirname(process.execPath), process.env.PATH].join(delimiter)
    // The packages are in npm's cache, where the tests' own came from.
    const env = { ...process.env, PATH: path, npm_config_prefer_offline: 'true' }
    await run('sh', ['-ec', text], { cwd: inImage(image, '.'), env })
  }

  async function apply(instruction: Instruction, image: Image): Promise<unknown> {
    const text = instruction.getArgumentsContent() as string
    const keywords: Record<string, () => unknown> = {
      COPY: () => copy(instruction as Copy, image),
      RUN: () => shell(text, image),
      WORKDIR: () => {
        image.workdir = text
        return mkdir(inImage(image, '.'), { recursive: true })
      },
      ENV: () => {
        for (const property of (instruction as Env).getProperties()) {
          image.env[property.getName()] = property.getValue() as string
        }
      },
      USER: () => Object.assign(image, { user: text }),
      ENTRYPOINT: () => Object.assign(image, { entrypoint: words(text) }),
      CMD: () => Object.assign(image, { command: words(text) }),
      HEALTHCHECK: () => Object.assign(image, { healthcheck: words(text.slice(text.indexOf('['))) }),
      EXPOSE: () => {},
    }
    const known = keywords[instruction.getKeyword()]
    if (known === undefined) {
      throw new Error(`The Dockerfile has ${instruction.getKeyword()}`)
    }
    return known()
  }

  async function make(stage: string): Promise<Image> {
    const { from, instructions } = stages.get(stage) as Stage
    const root = join(folder, stage)
    const base = stages.has(from) ? await build(from) : undefined
    if (base) {
      await copyTree(base.root, root)
    }
    const image = base ? { ...base, root, env: { ...base.env } } : await outside(from, root)
    for (const instruction of instructions) {
      await apply(instruction, image)
    }
    return image
  }

  function build(stage: string): Promise<Image> {
    const started = built.get(stage) ?? make(stage)
    built.set(stage, started)
    return started
  }
  return build
}
