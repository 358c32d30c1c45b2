import type { Place } from './place.js'
import type { Places, Portion } from './places.js'
import type { ScriptRunner } from './script-runner.js'
import { RENEW } from './scripts.js'

export interface RenewalOptions {
  readonly runner: ScriptRunner
  readonly channels: string
  readonly leaseMs: number
  /** Whether a command may name counters of several accounts. */
  readonly oneServer: boolean
  /** What Redis says of a place: `inUse` are open on its counter. */
  onRenewed(place: Place, state: 'open' | 'waiting' | 'lost', inUse: number): void
  onFailed(cause: unknown): void
}

/** How many places a command renews: about half a millisecond of Redis's time. */
const PORTION = 500
/** How many commands are on their way at once. */
const LANES = 16

/** Tells Redis that these places live on, all of a process in few commands, and learns which of them have not. */
export async function renew(places: Places, options: RenewalOptions): Promise<void> {
  const portions = places.portions(PORTION, !options.oneServer)[Symbol.iterator]()
  const failures: unknown[] = []
  const lane = async () => {
    for (let next = portions.next(); !next.done; next = portions.next()) {
      // oxlint-disable-next-line no-await-in-loop -- what is sent at once is bounded by the lanes
      await renewPortion(next.value, options).catch((cause: unknown) => failures.push(cause))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  if (failures.length > 0) options.onFailed(failures[0])
}

async function renewPortion(portion: Portion, options: RenewalOptions): Promise<void> {
  const args = [options.channels, String(options.leaseMs)]
  for (const places of portion.values()) args.push(String(places.length), ...places.map(({ id }) => id))
  const reply = (await options.runner.run(RENEW, [...portion.keys()], args)) as unknown[]
  let at = 0
  for (const places of portion.values()) {
    const inUse = Number(reply[at++])
    const states = String(reply[at++])
    for (const [i, place] of places.entries()) options.onRenewed(place, stateOf(states[i]), inUse)
  }
}

function stateOf(letter: string | undefined): 'open' | 'waiting' | 'lost' {
  if (letter === 'o') return 'open'
  return letter === 'w' ? 'waiting' : 'lost'
}
