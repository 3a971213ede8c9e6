/** One line of a chart. */
export interface Series {
  name: string
  colour: string
  points: { x: number; y: number }[]
}

/** What a chart shows. x is logarithmic, unless it is even. */
export interface LineChart {
  title: string
  xTitle: string
  yTitle: string
  /** values of x that are written under the axis */
  marks: number[]
  series: Series[]
  /** y is logarithmic too; what is not above zero is left out */
  logarithmic?: boolean
  even?: boolean
}

interface Scale {
  /** the share of the height at which a value stands, from 0 to 1 */
  at(value: number): number
  /** values of y that have a line of the grid */
  grid: number[]
}

const width = 720
const height = 340
const left = 64
const right = 170
const top = 48
const bottom = 48

const round = (value: number) => Math.round(value * 10) / 10

/** About five lines of a grid from 0 on, whose step is 1, 2 or 5 times a power of ten. */
function linear(most: number): Scale {
  const power = 10 ** Math.floor(Math.log10(most / 5))
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => most / one <= 6) as number
  const grid = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => round(i * step))
  return { at: (value) => value / most, grid }
}

/** A line of the grid at each power of ten, from the one below the least value. */
function logarithmic(least: number, most: number): Scale {
  const first = Math.floor(Math.log10(least))
  const last = Math.log10(most)
  const grid = Array.from({ length: Math.floor(last) - first + 1 }, (_, i) => 10 ** (first + i))
  return { at: (value) => (Math.log10(value) - first) / (last - first), grid }
}

/** Names that would stand on each other move apart; the lowest stays above the axis. */
function apart(heights: readonly number[], lowest: number): number[] {
  const moved = heights.map((at, i) => Math.min(at, lowest - 16 * (heights.length - 1 - i)))
  for (let i = 1; i < moved.length; i++) {
    moved[i] = Math.max(moved[i] as number, (moved[i - 1] as number) + 16)
  }
  return moved
}

/** A line chart as SVG, for light and dark pages alike. */
export function lineChart(chart: LineChart): string {
  const { title, xTitle, yTitle, marks } = chart
  const series = chart.series.map((one) => ({
    ...one,
    points: one.points.filter(({ y }) => !chart.logarithmic || y > 0),
  }))
  const values = series.flatMap(({ points }) => points.map(({ y }) => y))
  const most = Math.max(...values) * 1.05
  const scale = chart.logarithmic ? logarithmic(Math.min(...values), most) : linear(most)
  const across = chart.even ? (value: number) => value : Math.log
  const xs = marks.map(across)
  const [first, last] = [Math.min(...xs), Math.max(...xs)]
  const x = (value: number) =>
    round(left + ((across(value) - first) / (last - first)) * (width - left - right))
  const y = (value: number) => round(height - bottom - scale.at(value) * (height - top - bottom))
  const lines: string[] = []
  for (const at of scale.grid) {
    lines.push(`<path class="grid" d="M${left} ${y(at)}H${width - right}"/>`)
    lines.push(`<text x="${left - 8}" y="${y(at) + 4}" text-anchor="end">${at}</text>`)
  }
  for (const mark of marks) {
    lines.push(`<text x="${x(mark)}" y="${height - bottom + 18}" text-anchor="middle">${mark}</text>`)
  }
  for (const { colour, points } of series) {
    const path = points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L')
    if (points.length > 1) {
      lines.push(`<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    }
    for (const point of points) {
      lines.push(`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3" fill="${colour}"/>`)
    }
  }
  const labels = series
    .flatMap(({ name, colour, points }) => points.slice(-1).map((end) => ({ name, colour, at: y(end.y) })))
    .sort((a, b) => a.at - b.at)
  const heights = apart(
    labels.map(({ at }) => at),
    height - bottom,
  )
  for (const [i, { name, colour }] of labels.entries()) {
    const at = round((heights[i] as number) + 4)
    lines.push(`<text x="${width - right + 10}" y="${at}" style="fill:${colour}">${name}</text>`)
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
<text x="8" y="${top - 10}">${yTitle}</text>
</svg>
`
}
