window.iAdvizeInterface = window.iAdvizeInterface || []
window.iAdvizeInterface.push(async (iAdvize) => {
  await iAdvize.activate(async () => ({ authenticationOption: { type: 'ANONYMOUS' } }))
})
