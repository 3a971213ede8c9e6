import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DockerfileParser, type From, type Instruction } from 'dockerfile-ast'

/** Folder that the Dockerfile copies from. */
export const buildContext = join(import.meta.dirname, '../..')

const read = (name: string) => readFile(join(buildContext, name), 'utf8')

/** One stage of the Dockerfile: what it begins with, and its instructions. */
export interface Stage {
  from: string
  instructions: Instruction[]
}

/** The Dockerfile's stages by their names. */
export async function readStages(): Promise<Map<string, Stage>> {
  const stages = new Map<string, Stage>()
  let current: Stage | undefined
  for (const instruction of DockerfileParser.parse(await read('Dockerfile')).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From
      current = { from: from.getImage() as string, instructions: [] }
      stages.set(from.getBuildStage() as string, current)
    } else {
      current?.instructions.push(instruction)
    }
  }
  return stages
}

/** The paths that .dockerignore, an allow-list, lets into the build. */
export async function sentToBuild(): Promise<string[]> {
  const lines = (await read('.dockerignore')).split('\n')
  const [first, ...rest] = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (first !== '*' || rest.some((line) => !line.startsWith('!'))) {
    throw new Error('not an allow-list')
  }
  return rest.map((line) => line.slice(1))
}
