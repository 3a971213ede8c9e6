// Stands in for iAdvize's tag, and behaves as its documentation says: it asks the page who the visitor
// is, shows iAdvize the answer, tries 3 times more where that fails, and asks again when iAdvize's own session ends.
import { hideChat, showChat } from './chat-box.js'

const retries = 3
const pauseMs = 250
const sessionMs = 60 * 60 * 1_000

/** The visitor that the tag is active for: none, one that is asked for, an anonymous one, or a verified one. */
let visitor = 'none'
let sessionEnd

const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs))
const failure = (reason) => ({ status: 'authentication-failure', reason })

const post = (path, body = {}) =>
  fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function attempt(provider) {
  try {
    const { authenticationOption: option } = (await provider()) ?? {}
    const secured = option?.type === 'SECURED_AUTHENTICATION' && typeof option.token === 'string'
    if (!secured && option?.type !== 'ANONYMOUS') {
      return failure('A valid authentication option must be provided')
    }
    const answer = await (secured
      ? post('/iadvize/authentication', { token: option.token })
      : post('/iadvize/anonymous'))
    return answer.ok
      ? { option, status: 'authentication-success' }
      : failure('Failed to fetch authentication with a server error')
  } catch (error) {
    return failure(error.message)
  }
}

async function authenticate(provider) {
  visitor = 'asked for'
  clearTimeout(sessionEnd)
  let authentication = await attempt(provider)
  for (let retry = 0; retry < retries && authentication.status !== 'authentication-success'; retry++) {
    await pause()
    authentication = await attempt(provider)
  }
  if (authentication.status !== 'authentication-success') {
    leave()
    return authentication
  }
  visitor = authentication.option.type === 'ANONYMOUS' ? 'anonymous' : 'verified'
  if (visitor === 'verified') {
    endSession = async () => {
      await post('/iadvize/session-end')
      await authenticate(provider)
    }
    sessionEnd = setTimeout(() => endSession(), sessionMs)
  }
  await showChat()
  return authentication
}

let endSession = async () => {}

function leave() {
  visitor = 'none'
  clearTimeout(sessionEnd)
  endSession = async () => {}
  hideChat()
}

const iAdvize = {
  async activate(provider) {
    if (visitor === 'asked for') {
      return { authentication: failure('An activation is already ongoing') }
    }
    if (visitor === 'verified') {
      return { authentication: failure("Can't activate twice, please logout first") }
    }
    return { authentication: await authenticate(provider) }
  },
  async logout() {
    await post('/iadvize/log-out')
    leave()
  },
}

// The demo's own, so that nobody has to wait an hour.
window.addEventListener('iadvize-session-end', () => endSession())

const waiting = window.iAdvizeInterface ?? []
window.iAdvizeInterface = { push: (use) => use(iAdvize) }
for (const use of waiting) {
  use(iAdvize)
}
