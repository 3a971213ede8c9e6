/** A sample of the Prometheus text format, without its value. */
export interface Series {
  name: string
  labels: Record<string, string>
}

/** All samples of the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function seriesOf(text: string): Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /.exec(line) as RegExpExecArray
      const pairs = labels.matchAll(/([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g)
      return { name: name as string, labels: Object.fromEntries(pairs.map(([, key, value]) => [key, value])) }
    })
}

/** The label names of each metric's samples, by the names under which Prometheus stores them. */
export function labelsByName(text: string): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  for (const { name, labels } of seriesOf(text)) {
    const known = names.get(name) ?? new Set()
    for (const label of Object.keys(labels)) {
      known.add(label)
    }
    names.set(name, known)
  }
  return names
}
