import { cardOf } from './card.js'
import { element, glyph } from './elements.js'
import { showSteps } from './steps.js'

const card = document.querySelector('#card')
const views = document.querySelector('#views')
const history = document.querySelector('#history')
const way = document.querySelector('#way')
const narrow = matchMedia('(max-width: 900px)')

/** Page views by their id, in the order in which they came. */
const entries = new Map()
const waiting = new Set()
/** of the page view that is shown; undefined where nobody is at the desk */
let selected
let conversation
let loggedOut = false

const time = (at) =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })

function viewRow(entry) {
  const verdict = entry.padlock ? 'padlock' : 'refused'
  const tries = entry.attempts > 1 ? ` · ${entry.attempts} tries` : ''
  const button = element(
    'button',
    '',
    element('span', 'at', time(entry.at)),
    element('span', 'page', `${entry.page}${tries}`),
    element('span', 'who', entry.sessionOf),
    element('span', `outcome ${verdict}`, glyph(entry.padlock), entry.padlock ? 'Padlock' : 'Refused'),
  )
  button.type = 'button'
  button.setAttribute('aria-current', String(entry.id === selected))
  button.addEventListener('click', () => select(entry.id))
  return element('li', '', button)
}

function render() {
  const entry = entries.get(selected)
  const [className, content] = cardOf(entry, conversation, loggedOut)
  card.className = className
  card.replaceChildren(...content)
  const focused = [...views.querySelectorAll('button')].indexOf(document.activeElement)
  views.replaceChildren(...[...entries.values()].reverse().map(viewRow))
  if (focused >= 0) {
    views.querySelectorAll('button')[focused]?.focus()
  }
  history.hidden = entries.size === 0
  way.hidden = entry === undefined
  showSteps(entry?.steps ?? [])
}

function select(id) {
  selected = id
  render()
}

const on = {
  view(entry) {
    entries.set(entry.id, entry)
    if (entries.size > 20) {
      entries.delete(entries.keys().next().value)
    }
    loggedOut = false
    select(entry.id)
    for (const wait of [...waiting]) {
      wait(entry)
    }
    // On a phone the desk is below the shop: the padlock comes into view, by no more than it takes.
    if (narrow.matches) {
      card.scrollIntoView({ block: 'nearest' })
    }
  },
  conversation(told) {
    conversation = told
    // Who writes without a token has the agent's attention, and no steps of a token.
    select(told.visitor.verified ? selected : undefined)
  },
  'log-out'() {
    conversation = undefined
    loggedOut = true
    select(undefined)
  },
}

/**
 * Shows each page view as it comes, what the visitor writes, and the log-out.
 *
 * @returns a function that resolves with the next page view for which a test is true
 */
export function followDesk() {
  const source = new EventSource('/desk/events')
  for (const [kind, listener] of Object.entries(on)) {
    source.addEventListener(kind, ({ data }) => listener(JSON.parse(data)))
  }
  return (test) =>
    new Promise((resolve) => {
      const known = new Set(entries.keys())
      const wait = (entry) => {
        if (known.has(entry.id) || !test(entry)) {
          return
        }
        waiting.delete(wait)
        resolve(entry)
      }
      waiting.add(wait)
    })
}
