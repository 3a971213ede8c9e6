const form = document.querySelector('#log-out')

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const loggedOut = new Promise((resolve) => {
    window.iAdvizeInterface.push((iAdvize) => iAdvize.logout().finally(resolve))
  })
  // The shop's own log-out must not hang on a tag that is blocked or slow.
  await Promise.race([loggedOut, new Promise((resolve) => setTimeout(resolve, 1_000))])
  form.submit()
})
