import { REASONS, type Reason } from './refusal.js'

/** Why the gate itself ends a connection, where no reason has come up against its caller. */
export const ENDS = {
  maxHold: 'max-hold',
  stalled: 'stalled',
  leaseLost: 'lease-lost',
  endMissed: 'end-missed',
  closed: 'closed',
} as const

type End = (typeof ENDS)[keyof typeof ENDS] | Reason

const OWN = new Set<string>([...Object.values(ENDS), ...Object.keys(REASONS)])

/**
 * Whether the gate itself ends connections for this: a reason, or what is told of a slot that was held too long, lost or missed. There are few,
 * while what a provider tells `gate.end` is of its own making: for whoever counts connections by why they ended.
 */
export function isOwnEnd(why: string): why is End {
  return OWN.has(why)
}
