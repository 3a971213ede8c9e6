// The chat that the tag puts on the page: a button, and what it opens.
let box

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

async function messages(options) {
  const answer = await fetch('/iadvize/messages', { cache: 'no-store', ...options })
  return answer.ok ? answer.json() : undefined
}

const say = (text) =>
  messages({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })

function build() {
  const button = element('button', { className: 'chat', type: 'button', textContent: 'Chat with us' })
  button.setAttribute('aria-expanded', 'false')
  const status = element('p', { className: 'chat-status' })
  const log = element('ol', { className: 'chat-log' })
  log.setAttribute('aria-live', 'polite')
  log.setAttribute('aria-label', 'Your messages')
  const input = element('input', { name: 'text', autocomplete: 'off', maxLength: 500, required: true })
  const form = element(
    'form',
    {},
    element('label', {}, element('span', { textContent: 'Your message' }), input),
    element('button', { textContent: 'Send' }),
  )
  const close = element('button', { type: 'button', className: 'chat-close', textContent: 'Close' })
  const heading = element('h2', { textContent: 'Chat', id: 'chat-heading' })
  const panel = element(
    'section',
    { className: 'chat-panel', hidden: true },
    heading,
    close,
    status,
    log,
    form,
  )
  panel.setAttribute('aria-labelledby', 'chat-heading')

  const show = (conversation) => {
    if (conversation === undefined) {
      return
    }
    status.textContent = conversation.verified
      ? 'You are logged in: we know who you are.'
      : 'You are not logged in: we do not know who you are.'
    log.replaceChildren(...conversation.texts.map((text) => element('li', { textContent: text })))
    log.scrollTop = log.scrollHeight
  }
  const setOpen = (open) => {
    panel.hidden = !open
    button.hidden = open
    button.setAttribute('aria-expanded', String(open))
    ;(open ? input : button).focus()
  }
  button.addEventListener('click', async () => {
    setOpen(true)
    show(await messages())
  })
  close.addEventListener('click', () => setOpen(false))
  panel.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') {
      setOpen(false)
    }
  })
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const text = input.value
    input.value = ''
    show(await say(text))
  })
  document.body.append(panel, button)
  return { panel, button, refresh: async () => show(await messages()) }
}

/** Puts the button on the page; a chat that is open shows the conversation of whoever the visitor is now. */
export async function showChat() {
  box ??= build()
  if (!box.panel.hidden) {
    await box.refresh()
  }
}

/** Takes the chat off the page. */
export function hideChat() {
  box?.panel.remove()
  box?.button.remove()
  box = undefined
}
