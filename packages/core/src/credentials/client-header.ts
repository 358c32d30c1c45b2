import type { GateRequest } from '../request.js'
import type { Identity } from './verify.js'

/** The client id that was sent beside a key; `undefined` where none was, or the request is gone. */
export type ClaimedClient = (from: GateRequest | Identity) => string | undefined

/**
 * Several lines are joined by Node, and then are no client's id: they are refused as any other mismatch.
 *
 * @param field its name, in lower case; absent: none is read
 */
export function createClientReader(field: string | undefined): ClaimedClient | undefined {
  if (field === undefined) return undefined
  return (from) => {
    const value = 'target' in from ? from.headers[field] : undefined
    return value === undefined || typeof value === 'string' ? value : value.join(', ')
  }
}
