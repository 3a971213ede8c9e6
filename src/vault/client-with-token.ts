import type { VaultClient } from './client.ts'

/** The same client with one token on every call, for a command that an operator runs. */
export function clientWithToken(client: VaultClient, token: string): VaultClient {
  return {
    address: client.address,
    read: (path, options) => client.read(path, { token, ...options }),
    write: (path, data, options) => client.write(path, data, { token, ...options }),
    list: (path, options) => client.list(path, { token, ...options }),
    delete: (path, options) => client.delete(path, { token, ...options }),
    reconnect: () => client.reconnect(),
    close: () => client.close(),
  }
}
