const card = document.querySelector('#card')
const views = document.querySelector('#views')
const steps = document.querySelector('#steps')
const way = document.querySelector('#way')

/** Page views by their id, in the order in which they came. */
const entries = new Map()
const unfolded = new Set()
const waiting = new Set()
let selected

const element = (name, className, ...children) => {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children)
  return made
}
const glyph = (closed) => {
  const namespace = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(namespace, 'svg')
  const use = document.createElementNS(namespace, 'use')
  use.setAttribute('href', closed ? '#padlock' : '#padlock-open')
  svg.setAttribute('class', 'glyph')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}
const time = (at) =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })

const labels = { city: 'City', email: 'E-mail', firstName: 'First name', lastName: 'Last name' }

function showCard({ padlock, visitor, reason, sessionOf, attempts }) {
  card.className = padlock ? 'card verified' : 'card refused'
  const name = padlock ? `${visitor.data.firstName} ${visitor.data.lastName}` : 'Nobody to talk to'
  const badge = element('p', 'badge', glyph(padlock), padlock ? 'Identity verified' : 'No padlock')
  const heading = element('div', 'who', element('h3', '', name), badge)
  if (!padlock) {
    const tries = attempts > 1 ? ` The tag tried ${attempts} times.` : ''
    const note = element('p', 'note', `${reason}${tries}`)
    const session = element('p', 'quiet', `In the shop’s session: ${sessionOf}. The agent does not see this.`)
    card.replaceChildren(element('div', 'avatar', '?'), heading, note, session)
    return
  }
  const facts = element('dl', 'facts')
  const fact = (label, value, className = '') =>
    facts.append(element('div', '', element('dt', '', label), element('dd', className, value)))
  for (const [field, value] of Object.entries(visitor.data)) {
    if (!field.endsWith('Name')) fact(labels[field] ?? field, value)
  }
  fact('userId', visitor.userId, 'code')
  const initials = name
    .split(' ')
    .map(([first]) => first)
    .join('')
  card.replaceChildren(element('div', 'avatar', initials), heading, facts)
}

function viewRow(entry) {
  const verdict = entry.padlock ? 'padlock' : 'refused'
  const who = element('span', 'who', entry.sessionOf)
  const outcome = element(
    'span',
    `outcome ${verdict}`,
    glyph(entry.padlock),
    entry.padlock ? 'Padlock' : 'Refused',
  )
  const tries = entry.attempts > 1 ? ` · ${entry.attempts} tries` : ''
  const button = element(
    'button',
    '',
    element('span', 'at', time(entry.at)),
    element('span', 'page', `${entry.page}${tries}`),
    who,
    outcome,
  )
  button.type = 'button'
  button.setAttribute('aria-current', String(entry.id === selected))
  button.addEventListener('click', () => select(entry.id))
  return element('li', '', button)
}

/** A token in its parts, which the dots between them join. */
function tokenParts(text) {
  const parts = text.split('.').map((part, i) => element('span', `part part-${i + 1}`, part))
  return parts.flatMap((part, i) => (i === 0 ? [part] : ['.', part]))
}

function value({ label, text, kind }) {
  const content = element('pre', kind, ...(kind === 'token' ? tokenParts(text) : [text]))
  // What may have to be scrolled must be reached by keyboard too.
  content.tabIndex = 0
  content.setAttribute('role', 'group')
  content.setAttribute('aria-label', label)
  return element('div', 'value', element('p', 'label', label), content)
}

function stepItem({ name, title, summary, state, values }) {
  const words = element('span', 'words', element('span', 'title', title), element('span', 'summary', summary))
  const item = element('li', `step ${state}`)
  item.dataset.step = name
  if (values.length === 0) {
    item.append(element('div', 'head', words))
    return item
  }
  const details = element('details', '', element('summary', 'head', words), ...values.map(value))
  details.open = unfolded.has(name)
  details.addEventListener('toggle', () => (details.open ? unfolded.add(name) : unfolded.delete(name)))
  item.append(details)
  return item
}

function render() {
  const entry = entries.get(selected)
  if (!entry) return
  showCard(entry)
  const focused = [...views.querySelectorAll('button')].indexOf(document.activeElement)
  views.replaceChildren(...[...entries.values()].reverse().map(viewRow))
  if (focused >= 0) views.querySelectorAll('button')[focused]?.focus()
  steps.replaceChildren(...entry.steps.map(stepItem))
  way.hidden = false
}

function select(id) {
  selected = id
  render()
}

/**
 * Shows each page view as it comes.
 *
 * @returns a function that resolves with the next page view for which a test is true
 */
export function followDesk() {
  const source = new EventSource('/desk/events')
  source.addEventListener('message', ({ data }) => {
    const entry = JSON.parse(data)
    entries.set(entry.id, entry)
    if (entries.size > 20) entries.delete(entries.keys().next().value)
    select(entry.id)
    for (const wait of [...waiting]) wait(entry)
  })
  return (test) =>
    new Promise((resolve) => {
      const known = new Set(entries.keys())
      const wait = (entry) => {
        if (known.has(entry.id) || !test(entry)) return
        waiting.delete(wait)
        resolve(entry)
      }
      waiting.add(wait)
    })
}
