window.iAdvizeInterface = window.iAdvizeInterface || []
window.iAdvizeInterface.push(async (iAdvize) => {
  const { authentication } = await iAdvize.activate(async () => {
    // The page does not say who the visitor is: the shop's server knows, by its session.
    const response = await fetch('/chat-token', {
      method: 'POST',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
    })
    // The tag asks again by itself, 3 times.
    if (!response.ok) {
      throw new Error(`no token: ${response.status}`)
    }
    const { token } = await response.json()
    return { authenticationOption: { type: 'SECURED_AUTHENTICATION', token } }
  })
  if (authentication.status !== 'authentication-success') {
    console.warn('iAdvize:', authentication.reason)
  }
})
