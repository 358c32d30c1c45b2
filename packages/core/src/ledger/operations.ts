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

/** What concerns one account names it. What was registered stays in the registry's own history. */
export function decisionOfOperation({ by, why, operation, accounts }: DoneOperation): Decision {
  const { kind, client, partner } = operation as { kind: string; client?: unknown; partner?: unknown }
  const [account] = accounts
  return {
    what: 'operation',
    reason: kind,
    by,
    ...(why !== undefined && { message: why }),
    ...(accounts.length === 1 && account !== undefined && { account }),
    ...(typeof client === 'string' && { client }),
    ...(typeof partner === 'string' && { partner }),
  }
}
