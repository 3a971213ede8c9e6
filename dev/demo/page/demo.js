import { followDesk } from './desk.js'

const frame = document.querySelector('#shop')
const address = document.querySelector('#address')
const status = document.querySelector('#mistake-status')
const buttons = [...document.querySelectorAll('.mistakes button')]

const newest = followDesk()

frame.addEventListener('load', () => {
  const { pathname } = frame.contentWindow.location
  address.textContent = `shop.example${pathname.replace(/^\/shop/, '') || '/'}`
})

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const post = async (path, body = {}) => {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) {
    throw new Error(`the demo answered ${answer.status}`)
  }
}

const reload = () => frame.contentWindow.location.reload()

/**
 * Loads the shop's page anew with something wrong in it, for a visitor by name where one is given. The tag has come to
 * its end then: a retry would ask for the next visitor's token, before that visitor has a page.
 */
async function loadWith(mistake, visitor) {
  await post('/demo/mistake', { mistake, visitor })
  const entry = newest((view) => view.mistake === mistake && (view.padlock || view.attempts === 4))
  reload()
  return entry
}

/** Opens the chat in the shop's page, once the tag has put it there, and writes what is given. */
async function chat(text) {
  const inShop = (selector) => frame.contentDocument.querySelector(selector)
  for (let i = 0; i < 100 && !inShop('.chat'); i++) {
    await sleep(50)
  }
  inShop('.chat').click()
  if (text) {
    inShop('.chat-panel input').value = text
    inShop('.chat-panel form').requestSubmit()
  }
}

async function sendUndefined() {
  status.textContent = 'The shop’s code lost the visitor’s id, and sends “undefined” in its place …'
  await loadWith('undefined')
  status.textContent =
    'Padlock refused it each time that the tag asked. No token was made, nothing was signed.'
}

async function showExpired() {
  status.textContent = 'The page keeps a token that is good for 2 seconds …'
  const { expiresAt } = await loadWith('brief')
  status.textContent = 'Waiting until it has expired …'
  await sleep(Math.max(0, Date.parse(expiresAt) - Date.now()) + 200)
  await loadWith('replay')
  status.textContent =
    'The same token, shown again, is refused: it has expired. Each page load needs its own.'
}

/** Long enough to read what the page shows now. */
const readMs = 4_000

async function shareId() {
  await post('/iadvize/log-out')
  status.textContent = 'A cache gives every visitor the same userId. Jane logs in, and writes to the shop …'
  await loadWith('shared', 'jane')
  await chat('It is Jane. My new address is 8 Rue du Port.')
  await sleep(readMs)
  status.textContent =
    'Amadou logs in on another day. His token is a good one, and he reads Jane’s conversation …'
  await loadWith('shared', 'amadou')
  await chat()
  await sleep(readMs)
  await loadWith('shared', 'lin')
  status.textContent =
    'With the third visitor Padlock raises the alarm, and this profile refuses the id. A shop’s alarm needs 300 page views.'
}

let running = false

/** One at a time, since each waits for its page view. The buttons stay in reach of the keyboard meanwhile. */
function onClick(id, action) {
  document.querySelector(id).addEventListener('click', async () => {
    if (running) {
      return
    }
    running = true
    for (const button of buttons) {
      button.setAttribute('aria-disabled', 'true')
    }
    try {
      await action()
    } catch (error) {
      status.textContent = `That did not work: ${error.message}.`
    } finally {
      running = false
      for (const button of buttons) {
        button.removeAttribute('aria-disabled')
      }
    }
  })
}

onClick('#send-undefined', sendUndefined)
onClick('#show-expired', showExpired)
onClick('#share-id', shareId)
document.querySelector('#reload').addEventListener('click', reload)
document.querySelector('#hour-later').addEventListener('click', () => {
  frame.contentWindow.dispatchEvent(new Event('iadvize-session-end'))
})
