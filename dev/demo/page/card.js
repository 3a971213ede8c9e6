import { element, glyph } from './elements.js'

const labels = { city: 'City', email: 'E-mail', firstName: 'First name', lastName: 'Last name' }

const initialsOf = (name) =>
  name
    .split(' ')
    .map(([first]) => first)
    .join('')

const heading = (name, closed, badge) =>
  element('div', 'who', element('h3', '', name), element('p', 'badge', glyph(closed), badge))

function messages(texts) {
  if (texts.length === 0) {
    return []
  }
  const list = element('ol', 'texts', ...texts.map((text) => element('li', '', text)))
  list.setAttribute('aria-label', 'What the visitor wrote')
  return [list]
}

function verified({ visitor, sessionOf }, conversation) {
  const name = `${visitor.data.firstName} ${visitor.data.lastName}`
  const facts = element('dl', 'facts')
  const fact = (label, value, className = '') =>
    facts.append(element('div', '', element('dt', '', label), element('dd', className, value)))
  for (const [field, value] of Object.entries(visitor.data)) {
    if (!field.endsWith('Name')) {
      fact(labels[field] ?? field, value)
    }
  }
  fact('userId', visitor.userId, 'code')
  const own = conversation?.visitor.verified && conversation.visitor.id === visitor.userId
  return [
    element('div', 'avatar', initialsOf(name || sessionOf)),
    heading(name, true, 'Identity verified'),
    facts,
    ...messages(own ? conversation.texts : []),
  ]
}

function refused({ reason, attempts, sessionOf }) {
  const tries = attempts > 1 ? ` The tag tried ${attempts} times.` : ''
  return [
    element('div', 'avatar', '?'),
    heading('Nobody to talk to', false, 'No padlock'),
    element('p', 'note', `${reason}${tries}`),
    element('p', 'quiet', `In the shop’s session: ${sessionOf}. The agent does not see this.`),
  ]
}

const anonymous = ({ texts }) => [
  element('div', 'avatar', '?'),
  heading('Anonymous visitor', false, 'Not logged in'),
  ...messages(texts),
]

const nobody = (note) => [
  element('div', 'avatar', glyph(false)),
  element('div', 'who', element('h3', '', 'Nobody here')),
  element('p', 'note', note),
]

/**
 * What the agent sees.
 *
 * @param entry the page view that is shown; undefined where there is none
 * @param conversation the last one that anything was said in
 * @param loggedOut whether the last visitor has logged out
 * @returns the class of the card, and what is in it
 */
export function cardOf(entry, conversation, loggedOut) {
  if (entry?.padlock) {
    return ['card verified', verified(entry, conversation)]
  }
  if (entry) {
    return ['card refused', refused(entry)]
  }
  if (conversation?.visitor.verified === false && conversation.texts.length > 0) {
    return ['card', anonymous(conversation)]
  }
  const note = loggedOut
    ? 'The visitor has logged out. What was said stays with the userId, for the next log-in.'
    : 'Log in to the shop as one of the visitors: each page view then asks Padlock for a token.'
  return ['card empty', nobody(note)]
}
