import { clausesOf } from '../accounts/clauses.js'
import type { Decision } from './entry.js'

/** An operation that a registry has done. */
export interface DoneOperation {
  readonly id: number
  readonly by: string
  readonly why?: string
  readonly operation: { readonly kind: string }
  /** The accounts it concerned. */
  readonly accounts: readonly string[]
}

/** A registry that tells of its operations. */
export interface Operations {
  onOperation(listener: (operation: DoneOperation) => void): () => void
}

/** What is looked at of an operation. */
interface Known {
  readonly kind: string
  readonly client?: unknown
  readonly partner?: unknown
  readonly details?: { readonly partner?: unknown }
}

/** What concerns one account names it. What was registered stays in the registry's own history. */
export function decisionOfOperation({ by, why, operation, accounts }: DoneOperation): Decision {
  const { kind, client, partner, details } = operation as Known
  const [account] = accounts
  const clauses = clausesOf(kind, (partner ?? details?.partner) !== undefined)
  return {
    what: 'operation',
    reason: kind,
    ...(clauses.length > 0 && { clause: clauses.join(', ') }),
    by,
    ...(why !== undefined && { message: why }),
    ...(accounts.length === 1 && account !== undefined && { account }),
    ...(typeof client === 'string' && { client }),
    ...(typeof partner === 'string' && { partner }),
  }
}
