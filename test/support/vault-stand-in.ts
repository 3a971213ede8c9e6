import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import { standIn } from './stand-in.ts'
import type { VaultAnswer } from './vault.ts'

/** A call on its way to Vault. */
export interface StandInCall {
  method: string
  /** below `/v1/`, with its query */
  path: string
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever was sent.
  body: any
  /** Vault's own answer. */
  forward(): Promise<VaultAnswer>
}

/** What Vault would never send: any text, with any headers. */
export interface StandInText {
  status: number
  headers?: Record<string, string>
  text: string
}

/** `reset` breaks the connection in the middle of an answer. */
export type StandInAnswer = VaultAnswer | StandInText | 'reset'

export interface VaultStandIn {
  address: string
  /** every call that came, in order */
  calls: StandInCall[]
  /** Decides what is answered; without it, each call gets Vault's own answer. */
  answer: (call: StandInCall) => StandInAnswer | Promise<StandInAnswer>
  /** Keeps the calls that sign, this one and those to come, until they are released. */
  holdSigning(): HeldSigning
}

/** Calls that sign and are kept from Vault. */
export interface HeldSigning {
  /** settles when the first of them has come */
  reached: Promise<void>
  /** lets them, and all later ones, go to Vault */
  release(): void
}

async function callOf(request: IncomingMessage, vaultAddress: string): Promise<StandInCall> {
  const body = request.headers['content-type'] === 'application/json' ? await json(request) : undefined
  const passedOn = Object.entries(request.headers).filter(([name]) => /^(authorization$|x-)/.test(name))
  return {
    method: request.method as string,
    path: (request.url as string).replace(/^\/v1\//, ''),
    headers: request.headers,
    body,
    async forward() {
      const answer = await fetch(vaultAddress + request.url, {
        method: request.method as string,
        headers: Object.fromEntries(passedOn) as Record<string, string>,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: text ? JSON.parse(text) : undefined }
    },
  }
}

/**
 * Stands before a real Vault, for answers that a healthy server never gives: a test changes Vault's own
 * answers, makes others, never answers, or breaks the connection. It ends with the test.
 */
export async function vaultStandIn(t: Pick<Test, 'teardown'>, vaultAddress: string): Promise<VaultStandIn> {
  const { url: address } = await standIn(t, async (request, response) => {
    const call = await callOf(request, vaultAddress)
    vault.calls.push(call)
    const answer = await vault.answer(call)
    if (answer === 'reset') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 })
      response.write('{"data":{"batch_results":[', () => request.socket.resetAndDestroy())
      return
    }
    if ('text' in answer) {
      response.writeHead(answer.status, answer.headers).end(answer.text)
      return
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body))
  })
  const vault: VaultStandIn = {
    address,
    calls: [],
    answer: (call) => call.forward(),
    holdSigning() {
      const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      vault.answer = async (call) => {
        if (call.body?.batch_input !== undefined) {
          reached.resolve()
          await released.promise
        }
        return call.forward()
      }
      return { reached: reached.promise, release: released.resolve }
    },
  }
  return vault
}
