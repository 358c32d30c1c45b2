import type { CompleteClock } from '../clock.js'
import {
  memoryConnections,
  OpenConnections,
  SteadfastStore,
  type ConnectionsOptions,
  type ConnectionStore,
  type SteadfastStoreOptions,
} from '../connections/index.js'
import { DAY_MS } from '../days.js'
import type { GateHealth } from '../gate.js'
import type { LiveAdmission } from './live-admission.js'
import type { Reports } from './reports.js'

export interface CountingContext {
  readonly api: string
  readonly clock: CompleteClock
  readonly reports: Reports
  readonly enforce: boolean
  readonly timeoutMs: number
}

/** Where connections are counted, and those that are open in this process. */
export interface Counting {
  readonly store: ConnectionStore
  readonly open: OpenConnections<LiveAdmission>
  /** How long a connection may last, in ms. */
  readonly maxHoldMs: number
  health(): GateHealth
  /** The store tells nothing any more. */
  endTelling(): void
}

export function createCounting(options: ConnectionsOptions, context: CountingContext): Counting {
  const { api, clock, reports, enforce, timeoutMs } = context
  // To observe is to cut nobody off.
  const maxHoldMs = enforce ? (options.maxHoldMs ?? DAY_MS) : Infinity
  const stallMs = enforce ? (options.stallMs ?? 60_000) : Infinity
  const { store, health } = storeOf(options, clock, {
    timeoutMs,
    *held() {
      for (const { holder, class: className, lease } of open.matching({}))
        yield { api, account: holder.account.id, class: className, lease }
    },
    onFailed: (cause) => reports.warn('store-failed', 'the connection store failed', cause),
    onOutage: (change) => reports.outage(change),
  })
  const open: OpenConnections<LiveAdmission> = new OpenConnections<LiveAdmission>({
    maxHoldMs,
    stallMs,
    clock,
    onResponseEnded: (connection, moment) => reports.followers.ended(connection, moment),
    onReleased(connection, why, moment) {
      store.release(connection.lease)
      reports.released(connection, why, moment)
    },
  })
  const endLosses = enforce ? store.onLost?.((lease) => open.lost(lease)) : undefined
  const endWarnings = store.onWarning?.(({ code, message, cause }) => reports.warn(code, message, cause))
  return {
    store,
    open,
    maxHoldMs,
    health,
    endTelling() {
      endLosses?.()
      endWarnings?.()
    },
  }
}

/** The store of this process's memory cannot fail, so nothing stands between it and the gate. */
function storeOf(
  { store, whenStoreFails = 'local' }: ConnectionsOptions,
  clock: CompleteClock,
  rest: Omit<SteadfastStoreOptions, 'store' | 'whenStoreFails' | 'clock'>,
): { store: ConnectionStore; health: () => GateHealth } {
  const since = new Date(clock.now())
  if (!store)
    return {
      store: memoryConnections({ clock }),
      health: () => ({ store: 'available', since, processes: 1 }),
    }
  const steadfast = new SteadfastStore({ ...rest, store, whenStoreFails, clock })
  return { store: steadfast, health: () => steadfast.health }
}
