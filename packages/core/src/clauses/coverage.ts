import type { Gate } from '../gate.js'
import { checkGate } from '../given-gate.js'
import type { Reason } from '../refusal.js'
import type { GateSetup } from '../setup.js'
import type { Duty, Gap, Met, Way } from './duty.js'
import { DUTIES } from './duties.js'
import { LEFT_TO_PEOPLE } from './left-to-people.js'

/** How a clause of the Terms is met, as {@link coverage} tells it. */
export interface ClauseCoverage {
  /** The place in the model Terms. One that asks several things comes once for each. */
  readonly clause: string
  /** What the Terms ask. */
  readonly asks: string
  /** The firmest of what meets it; `not met` where the options leave it out, and it could be met. */
  readonly met: Met | 'left to people' | 'not met'
  /** What meets it: options by their paths, and names of what is called beside them. Empty where it is built in, or not met. */
  readonly by: readonly string[]
  /** What is done for it, a sentence each. */
  readonly does: readonly string[]
  /** What is refused for it. */
  readonly reasons: readonly Reason[]
  /** What of it is open, and what would close it. Empty where it is met as far as a server can. */
  readonly gaps: readonly Gap[]
}

const OBSERVED: Gap = {
  open: 'it is reported, not enforced: in observe mode nothing is refused or cut off, and no response touched',
  by: 'mode',
  remedy: "set mode to 'enforce'",
}

const FIRMNESS: readonly Met[] = ['enforced', 'kept in records', 'monitored']

/**
 * How each clause of the Terms is met by a gate, under its options and with those who follow it or listen to it now: by what, what is
 * open, and what would close it, or that it is left to people. In the order of the Terms. Works it out when it is asked, and nothing before.
 */
export function coverage(gate: Pick<Gate, 'setup'>): ClauseCoverage[] {
  checkGate(gate, 'setup')
  const setup = gate.setup()
  return [...DUTIES.map((duty) => metBy(duty, setup)), ...LEFT_TO_PEOPLE.map(leftToPeople)].toSorted(
    (one, other) => one.clause.localeCompare(other.clause, 'en'),
  )
}

function leftToPeople({ clause, asks }: Pick<Duty, 'clause' | 'asks'>): ClauseCoverage {
  return { clause, asks, met: 'left to people', by: [], does: [], reasons: [], gaps: [] }
}

function metBy({ clause, asks, reasons, looks }: Duty, setup: GateSetup): ClauseCoverage {
  const found = looks.flatMap((look) => look(setup))
  const gaps = found.filter((each): each is Gap => 'open' in each)
  const ways = found.filter((each): each is Way => 'met' in each)
  const observed = setup.said.get('mode') === 'observe' && ways.some((way) => way.inObserveMode !== 'as ever')
  const left = observed ? ways.flatMap(observedWay) : ways
  return {
    clause,
    asks,
    met: FIRMNESS.find((each) => left.some(({ met }) => met === each)) ?? 'not met',
    by: [...new Set(left.flatMap(({ by }) => by ?? []))],
    does: left.map(({ does }) => does),
    reasons,
    gaps: observed ? [OBSERVED, ...gaps] : gaps,
  }
}

function observedWay(way: Way): readonly Way[] {
  if (way.inObserveMode === 'left out') return []
  return way.inObserveMode === 'reported' && way.met === 'enforced' ? [{ ...way, met: 'monitored' }] : [way]
}
