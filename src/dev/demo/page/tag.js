// Stands in for iAdvize's tag: on activate it asks the page for a token and shows it to iAdvize, and where that fails,
// it tries 3 times more.
const retries = 3
const pauseMs = 250

const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs))

async function authenticate(token) {
  const response = await fetch('/iadvize/authentication', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  if (!response.ok) throw new Error(`iAdvize answered ${response.status}`)
  return response.json()
}

async function attempt(provider) {
  try {
    const { authenticationOption } = await provider()
    return await authenticate(authenticationOption.token)
  } catch (error) {
    return { status: 'authentication-failure', reason: error.message }
  }
}

/** The button that the tag puts on the page; without a verified visitor there is none. */
function showChat() {
  const button = document.createElement('button')
  button.className = 'chat'
  button.type = 'button'
  button.textContent = 'Chat with us'
  document.body.append(button)
}

const iAdvize = {
  async activate(provider) {
    let authentication = await attempt(provider)
    for (let retry = 0; retry < retries && authentication.status !== 'authentication-success'; retry++) {
      await pause()
      authentication = await attempt(provider)
    }
    if (authentication.status === 'authentication-success') showChat()
    return { authentication }
  },
}

const waiting = window.iAdvizeInterface ?? []
window.iAdvizeInterface = { push: (use) => use(iAdvize) }
for (const use of waiting) use(iAdvize)
