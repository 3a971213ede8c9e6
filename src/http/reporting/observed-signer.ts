import type { FastifyRequest } from 'fastify'
import { compactJwe, type Encrypt } from '../../token/jwe.ts'
import type { Signature, Signer, SigningKey } from '../../token/signer.ts'
import type { ObservedSignOptions } from '../../vault/signing/observation.ts'

/** What is reported of a request's signature. */
export interface SigningReport {
  /** base64url of the SHA-256 of the JWS signing input */
  auditId: string
  keyVersion: number
  /** of the call to Vault that asks for the signature: all tokens of a batch have the same; empty before it leaves */
  correlationId: string
  /** milliseconds that the signature took, the wait for it included; undefined until it is there or has failed */
  signMs: number | undefined
}

/** A signer whose calls can be observed. */
export interface ObservableSigner {
  sign(digest: Buffer, key: SigningKey, options: ObservedSignOptions): Promise<Signature>
}

/** A signer for one request, which reports and traces what becomes of its signature. */
export function observedSigner(signer: ObservableSigner, request: FastifyRequest): Signer {
  const { trace } = request
  return {
    async sign(digest, key, options) {
      const start = performance.now()
      const report: SigningReport = {
        auditId: digest.toString('base64url'),
        keyVersion: key.version,
        correlationId: '',
        signMs: undefined,
      }
      request.signing = report
      trace?.queued()
      const onCall = (correlationId: string) => {
        report.correlationId = correlationId
        trace?.sent(correlationId)
      }
      try {
        return await signer.sign(digest, key, { ...options, onCall, trace: trace?.link })
      } finally {
        report.signMs = performance.now() - start
        trace?.signed()
      }
    },
  }
}

/** The encryption for one request, traced where that is. */
export function observedEncryption({ trace }: FastifyRequest): Encrypt {
  return trace === undefined
    ? compactJwe
    : (jws, recipientKey) => trace.step('encrypt', () => compactJwe(jws, recipientKey))
}
