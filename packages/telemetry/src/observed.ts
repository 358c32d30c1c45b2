import type { Followable, FollowedConnection, FollowedRefusal, WarningEvent } from '@api-terms/core'

/** What is measured of a gate, whoever keeps it. */
export interface Meter {
  readonly opened: (connection: FollowedConnection) => void
  readonly refused: (refusal: FollowedRefusal) => void
  readonly carried: (connection: FollowedConnection, bytesIn: number, bytesOut: number) => void
  readonly closed: (connection: FollowedConnection, heldMs: number, why: string | undefined) => void
  readonly warned: (event: WarningEvent) => void
}

/** Has a gate measured. Returns what ends it: by then what is open counts as closed, without a duration. */
export function measure(
  gate: Followable,
  meter: Meter,
  left: (connection: FollowedConnection) => void,
): () => void {
  const following = gate.follow({
    purpose: 'metrics',
    admitted: meter.opened,
    refused: meter.refused,
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
  gate.on('warning', meter.warned)
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    const open = following.open()
    following.stop()
    gate.off('warning', meter.warned)
    for (const connection of open) if (!before.has(connection)) left(connection)
  }
}
