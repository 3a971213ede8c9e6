import { request } from 'node:http'
import type { TestIssuer } from './callers.ts'

/** A caller that has asked for a token and goes away before it is answered. */
export interface LeavingCaller {
  /** breaks its connection */
  leave(): Promise<void>
}

/** Asks for a token of the profile `default`, on a connection of its own. */
export async function leavingCaller(service: { url: string; callers: TestIssuer }): Promise<LeavingCaller> {
  const leaving = request(`${service.url}/v1/profiles/default/tokens`, {
    agent: false,
    method: 'POST',
    headers: {
      authorization: `Bearer ${await service.callers.token()}`,
      'content-type': 'application/json',
    },
  })
  leaving.on('error', () => {})
  leaving.end(JSON.stringify({ userId: 'leaves' }))
  return {
    async leave() {
      const closed = new Promise((resolve) => leaving.once('close', resolve))
      leaving.destroy()
      await closed
    },
  }
}
