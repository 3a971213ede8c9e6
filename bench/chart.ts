/** One line of a chart. */
export interface Series {
  name: string
  colour: string
  points: { x: number; y: number }[]
}

const width = 720
const height = 340
const left = 64
const right = 170
const top = 40
const bottom = 48

const round = (value: number) => Math.round(value * 10) / 10

/** A step for about five lines of a grid: 1, 2 or 5 times a power of ten. */
function gridStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5))
  return [1, 2, 5, 10].map((times) => times * power).find((step) => most / step <= 6) as number
}

/**
 * A line chart as SVG, for light and dark pages alike; x on a logarithmic scale with a mark at each point.
 *
 * @param marks values of x that are written under the axis
 */
export function lineChart(
  title: string,
  xTitle: string,
  yTitle: string,
  marks: number[],
  series: Series[],
): string {
  const most = Math.max(...series.flatMap(({ points }) => points.map(({ y }) => y))) * 1.05
  const xs = marks.map(Math.log)
  const [first, last] = [Math.min(...xs), Math.max(...xs)]
  const x = (value: number) =>
    round(left + ((Math.log(value) - first) / (last - first)) * (width - left - right))
  const y = (value: number) => round(height - bottom - (value / most) * (height - top - bottom))
  const lines: string[] = []
  for (let at = 0; at <= most; at += gridStep(most)) {
    lines.push(`<path class="grid" d="M${left} ${y(at)}H${width - right}"/>`)
    lines.push(`<text x="${left - 8}" y="${y(at) + 4}" text-anchor="end">${at}</text>`)
  }
  for (const mark of marks)
    lines.push(`<text x="${x(mark)}" y="${height - bottom + 18}" text-anchor="middle">${mark}</text>`)
  const labels = series
    .map(({ name, colour, points }) => ({ name, colour, at: y(points.at(-1)?.y ?? 0) }))
    .sort((a, b) => a.at - b.at)
  // Names that would stand on each other move apart.
  for (const [i, label] of labels.entries()) {
    const above = labels[i - 1]
    if (above !== undefined) label.at = Math.max(label.at, above.at + 16)
  }
  for (const { colour, points } of series) {
    const path = points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L')
    lines.push(`<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    for (const point of points)
      lines.push(`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3" fill="${colour}"/>`)
  }
  for (const { name, colour, at } of labels) {
    lines.push(`<text x="${width - right + 10}" y="${at + 4}" style="fill:${colour}">${name}</text>`)
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .grid { stroke: #8c959f; stroke-opacity: 0.35 }
  @media (prefers-color-scheme: dark) { text { fill: #9da7b3 } }
</style>
<text x="${left}" y="20" style="font-weight:600">${title}</text>
${lines.join('\n')}
<text x="${left}" y="${height - 8}">${xTitle}</text>
<text x="8" y="${top - 6}">${yTitle}</text>
</svg>
`
}
