// Takes the place of axios in the package. node-vault loads it, and uses it where no transport is given; Padlock gives
// its own (src/vault/client/client.ts). Axios looks for `fetch` as it loads, and Node then loads the undici inside it: 9 MB.
exports.create = () => {
  throw new Error('This program holds no axios: node-vault is to be given a transport.')
}
