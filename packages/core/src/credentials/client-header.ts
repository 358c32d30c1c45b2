import type { GateRequest } from '../request.js'

/** Reads the client id that a request sends beside its key. */
export type ClaimedClient = (request: GateRequest) => string | undefined

/**
 * Several lines are joined by Node, and then are no client's id: they are refused as any other mismatch.
 *
 * @param field its name, in lower case; absent: none is read
 */
export function createClientReader(field: string | undefined): ClaimedClient | undefined {
  if (field === undefined) return undefined
  return ({ headers }) => {
    const value = headers[field]
    return value === undefined || typeof value === 'string' ? value : value.join(', ')
  }
}
