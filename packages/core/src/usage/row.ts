import type { Reason } from '../refusal.js'
import type { UsageRow } from './store.js'

/** A row that is being counted. */
export class OpenRow {
  connections = 0
  heldMs = 0
  bytesIn = 0
  bytesOut = 0
  peak = 0
  refusals: Map<Reason, number> | undefined = undefined

  refused(reason: Reason): void {
    this.refusals ??= new Map()
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1)
  }

  closed(api: string, account: string, className: string, day: string): UsageRow {
    const { connections, heldMs, bytesIn, bytesOut, peak } = this
    const refusals = Object.fromEntries(this.refusals ?? [])
    return { api, account, class: className, day, connections, refusals, heldMs, bytesIn, bytesOut, peak }
  }
}

/** Two rows of the same API, account, class and day as one. */
export function sumOf(one: UsageRow, other: UsageRow): UsageRow {
  const refusals: Partial<Record<Reason, number>> = { ...one.refusals }
  for (const [reason, count] of Object.entries(other.refusals) as [Reason, number][])
    refusals[reason] = (refusals[reason] ?? 0) + count
  return {
    ...one,
    connections: one.connections + other.connections,
    heldMs: one.heldMs + other.heldMs,
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    peak: Math.max(one.peak, other.peak),
    refusals,
  }
}
