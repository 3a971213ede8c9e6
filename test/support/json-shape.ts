/** What docs/command-line.md says of a value: the fields of an object, or of the objects in a list. */
export interface Shape {
  fields: Map<string, Shape | undefined>
  /** there may be fields that are not named */
  isOpen: boolean
}

/** Reads a shape as the page writes it: `{name, list: [{name, …}]}`. */
export function parseShape(text: string): Shape {
  const tokens = text.match(/[{}[\],:]|…|[\w$]+/g) ?? []
  let at = 0
  const take = (token: string) => {
    if (tokens[at] !== token) {
      throw new Error(`"${token}" is missing in ${text}`)
    }
    at += 1
  }
  const value = (): Shape => {
    if (tokens[at] === '[') {
      take('[')
      const inner = value()
      take(']')
      return inner
    }
    const shape: Shape = { fields: new Map(), isOpen: false }
    for (take('{'); tokens[at] !== '}'; tokens[at] === ',' && take(',')) {
      const name = tokens[at++] as string
      if (name === '…') {
        shape.isOpen = true
      } else if (tokens[at] === ':') {
        take(':')
        shape.fields.set(name, value())
      } else {
        shape.fields.set(name, undefined)
      }
    }
    take('}')
    return shape
  }
  return value()
}

/** The paths of all fields that a shape names. */
export const shapePaths = ({ fields }: Shape, before = ''): string[] =>
  [...fields].flatMap(([name, inner]) => [
    before + name,
    ...(inner === undefined ? [] : shapePaths(inner, `${before}${name}.`)),
  ])

/** The paths of the fields that a value has; below a field whose inside the shape does not describe, none. */
export function valuePaths(value: unknown, shape: Shape | undefined, before = ''): string[] {
  if (shape === undefined || value === null || typeof value !== 'object') {
    return []
  }
  if (Array.isArray(value)) {
    return [...new Set(value.flatMap((entry) => valuePaths(entry, shape, before)))]
  }
  return Object.entries(value).flatMap(([name, inner]) =>
    shape.isOpen && !shape.fields.has(name)
      ? []
      : [before + name, ...valuePaths(inner, shape.fields.get(name), `${before}${name}.`)],
  )
}

/** The rows of the page's table of JSON: by each command of a row, its shape. */
export function documentedShapes(page: string): Map<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const [, commands = '', text = ''] of page.matchAll(/^\| (`[^|]*) \| [^|`]*`(\{[^`]*\})`/gm)) {
    const shape = parseShape(text)
    for (const group of commands.split(';')) {
      const names = [...group.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
      const noun = names[0]?.split(' ')[0]
      names.forEach((name, index) => {
        shapes.set(index === 0 ? name : `${noun} ${name}`, shape)
      })
    }
  }
  return shapes
}
