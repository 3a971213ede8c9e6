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

/** Loads the shop's page anew with something wrong in it. */
async function loadWith(mistake) {
  const answer = await fetch('/demo/mistake', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mistake }),
  })
  if (!answer.ok) throw new Error(`the demo answered ${answer.status}`)
  frame.contentWindow.location.reload()
  return newest((entry) => entry.mistake === mistake)
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

let running = false

/** One at a time, since each waits for its page view. The buttons stay in reach of the keyboard meanwhile. */
function onClick(id, action) {
  document.querySelector(id).addEventListener('click', async () => {
    if (running) return
    running = true
    for (const button of buttons) button.setAttribute('aria-disabled', 'true')
    try {
      await action()
    } catch (error) {
      status.textContent = `That did not work: ${error.message}.`
    } finally {
      running = false
      for (const button of buttons) button.removeAttribute('aria-disabled')
    }
  })
}

onClick('#send-undefined', sendUndefined)
onClick('#show-expired', showExpired)
