import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Gate } from '../gate.js'

/** Marks of the whole process, so that two loaded copies of this package know each other's. */
const GUARD = Symbol.for('api-terms.guard')
const LOOKED = Symbol.for('api-terms.looked')

type Marked = { [mark in typeof GUARD | typeof LOOKED]?: true }

/** Says of a listener of `upgrade` that a gate stands in it. */
export function asGuard<Listener extends object>(listener: Listener): Listener {
  return Object.assign(listener, { [GUARD]: true })
}

/**
 * Warns, once, where the server of a request takes upgrades that no gate sees: what Socket.IO or a WebSocket server attaches by
 * itself goes past all middleware. Told from the first request, since a middleware knows no server before.
 */
export function warnOfUnguarded(gate: Gate, socket: Socket | undefined): void {
  if ((gate as Marked)[LOOKED] || !socket) return
  ;(gate as Marked)[LOOKED] = true
  const { server } = socket as Socket & { server?: EventEmitter }
  const listeners = server?.listeners('upgrade') ?? []
  if (listeners.length === 0 || listeners.some((listener) => (listener as Marked)[GUARD])) return
  gate.warn(
    'upgrades-unguarded',
    'the server has a listener for upgrades that the gate does not see: whoever connects there (WebSocket, Socket.IO) passes ' +
      'unchecked and uncounted. Take it off and put it behind guardUpgrades(gate, server, onUpgrade) of @api-terms/core/node',
  )
}
