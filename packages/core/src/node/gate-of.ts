import { createGate } from '../gate/create-gate.js'
import type { Gate } from '../gate.js'
import { isGate } from '../given-gate.js'
import type { GateOptions } from '../options.js'
import { watchArrivals } from './arrivals.js'

/**
 * The gate that an adapter stands for: the one given, or one of its own. From now on requests are looked at as they arrive.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function gateOf(gateOrOptions: Gate | GateOptions): Gate {
  watchArrivals()
  return isGate(gateOrOptions) ? gateOrOptions : createGate(gateOrOptions)
}
