import type { GateOptions, Reason } from '@api-terms/core'
import type { Asked } from '../callers/ask.js'
import type { Handlers, Mount, Setup, Subject } from '../subjects.js'

/** One request and what has to come of it. Data: the same for every subject. */
interface Case {
  /** Permanent: never used again for something else. */
  readonly id: string
  /** The clause of the Terms, or the section of the RFC, that it rests on. */
  readonly basis: string
  readonly title: string
  /** What the gate is told beyond API, Terms and registry. */
  readonly options?: () => Partial<GateOptions>
  readonly setup?: Setup
  readonly handlers?: Handlers
  readonly request?: Asked
  /** Where it can be run. Default: everywhere. */
  readonly runsOn?: (subject: Subject) => boolean
}

export interface RefusalCase extends Case {
  /** What was asked before, with whatever came of it. */
  readonly before?: readonly Asked[]
  readonly reason: Reason
  readonly status: number
  /** `terms_clause`; `null`: there is none. */
  readonly clause: string | null
  /** All fields beside those that every refusal has, each line as it stands on the wire. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  /** All members beside those that every problem document has. */
  readonly members?: Readonly<Record<string, string | number>>
  /** Whether a body is left unread, so that the connection ends with the answer. */
  readonly closes?: boolean
}

export interface AdmittedCase extends Case {
  readonly status: number
  /** These fields with exactly these lines; `null`: none. */
  readonly fields: Readonly<Record<string, readonly string[] | null>>
  readonly body?: string
  readonly message?: string
  readonly interim?: readonly number[]
}

export const http1 = (subject: Subject): boolean => !subject.http2
export const frameworks = (subject: Subject): boolean => subject.framework !== 'node'
export const canMount = (mount: Mount) => (subject: Subject) => subject.mounts.includes(mount)
