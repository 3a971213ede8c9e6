import { copyButton, element } from './elements.js'

const list = document.querySelector('#steps')
const unfolded = new Set()

/** A token in its parts, which the dots between them join. */
function tokenParts(text) {
  const parts = text.split('.').map((part, i) => element('span', `part part-${i + 1}`, part))
  return parts.flatMap((part, i) => (i === 0 ? [part] : ['.', part]))
}

function value({ label, text, kind, curl }) {
  const content = element('pre', kind, ...(kind === 'token' ? tokenParts(text) : [text]))
  // What may have to be scrolled must be reached by keyboard too.
  content.tabIndex = 0
  content.setAttribute('role', 'group')
  content.setAttribute('aria-label', label)
  const buttons = [copyButton('Copy', `Copy: ${label}`, text)]
  if (curl) {
    buttons.unshift(copyButton('Copy as curl', 'Copy as curl: the call to Padlock', curl))
  }
  const head = element('div', 'value-head', element('p', 'label', label), ...buttons)
  return element('div', 'value', head, content)
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

/** Shows the steps of a token; whoever is in one of them with the keyboard stays there. */
export function showSteps(steps) {
  const focused = list.contains(document.activeElement)
    ? document.activeElement.closest('[data-step]').dataset.step
    : undefined
  list.replaceChildren(...steps.map(stepItem))
  if (focused) {
    list.querySelector(`[data-step="${focused}"] summary`)?.focus()
  }
}
