import { claimsFaults } from './claims-faults.ts'
import type { FaultKind, Severity, Stage } from './fault-kind.ts'
import { jweFaults } from './jwe-faults.ts'
import { jwsFaults } from './jws-faults.ts'
import { serializationFaults } from './serialization-faults.ts'

/** Everything that can be wrong with a token, by code. No text here or in a Fault holds a claim's value. */
export const faultKinds = { ...serializationFaults, ...jweFaults, ...jwsFaults, ...claimsFaults }

export type FaultCode = keyof typeof faultKinds

/** One thing that is wrong with a token. */
export interface Fault {
  code: FaultCode
  stage: Stage
  severity: Severity
  /** what is wrong, in one sentence; never a claim's value */
  detail: string
  /** how it likely came about */
  cause: string
}

/** What an inspection finds, in the order in which the recipient would. */
export class FaultList {
  readonly faults: Fault[] = []
  /** what is worth knowing and not wrong */
  readonly notes: string[] = []

  /** @param cause where more is known than the code's own */
  add(code: FaultCode, detail: string, cause?: string): void {
    const { stage, cause: likely, severity = 'refused' }: FaultKind = faultKinds[code]
    this.faults.push({ code, stage, severity, detail, cause: cause ?? likely })
  }
}
