import { parser } from '@prometheus-io/lezer-promql'

/** A metric that an expression asks for, and the labels that its matchers name. */
export interface Selector {
  metric: string
  labels: string[]
}

/**
 * The metrics of a PromQL expression, read with Prometheus's own grammar.
 *
 * @throws Error for what is no PromQL
 */
export function selectorsOf(expression: string): Selector[] {
  const found: Selector[] = []
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      const text = expression.slice(from, to)
      if (type.isError) {
        throw new Error(`no PromQL near "${text}": ${expression}`)
      }
      if (type.name !== 'VectorSelector') {
        return
      }
      const metric = node.getChild('Identifier')
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
      found.push({
        metric: metric ? expression.slice(metric.from, metric.to) : '',
        labels: matchers.map((matcher) => {
          const label = matcher.getChild('LabelName')
          return label ? expression.slice(label.from, label.to) : ''
        }),
      })
    },
  })
  return found
}

/** Names of labels after `by`, `on` and `without` in an expression. */
export function groupingLabelsOf(expression: string): string[] {
  const names: string[] = []
  parser.parse(expression).iterate({
    enter({ name, from, to, node }) {
      if (name === 'LabelName' && node.parent?.name === 'GroupingLabels') {
        names.push(expression.slice(from, to))
      }
    },
  })
  return names
}
