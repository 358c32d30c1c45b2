import type { Followable, FollowedConnection, FollowedRefusal, WarningEvent } from '@api-terms/core'

/** What is measured of a gate, whoever keeps it. */
export interface Meter {
  opened(connection: FollowedConnection, inUse: number): void
  refused(refusal: FollowedRefusal): void
  carried(connection: FollowedConnection, bytesIn: number, bytesOut: number): void
  closed(connection: FollowedConnection, heldMs: number, why: string | undefined): void
  warned(event: WarningEvent): void
}

/** Has a gate measured. Returns what ends it: by then what is open counts as closed, without a duration. */
export function measure(
  gate: Followable,
  meter: Meter,
  left: (connection: FollowedConnection) => void,
): () => void {
  const following = gate.follow({
    purpose: 'metrics',
    admitted: (connection, inUse) => meter.opened(connection, inUse),
    refused: (refusal) => meter.refused(refusal),
    ended(connection, traffic) {
      if (!traffic || (before.size > 0 && before.has(connection))) return
      meter.carried(connection, traffic.bytesIn, traffic.bytesOut)
    },
    released(connection, why, moment) {
      if (before.size > 0 && before.delete(connection)) return
      meter.closed(connection, moment - connection.startedAt, why)
    },
  })
  /** They are not counted as they close: they were not counted as they opened. There are none for long. */
  const before = new Set(following.open())
  const warned = (event: WarningEvent) => meter.warned(event)
  gate.on('warning', warned)
  return () => {
    const open = following.open()
    following.stop()
    gate.off('warning', warned)
    for (const connection of open) if (!before.has(connection)) left(connection)
  }
}
