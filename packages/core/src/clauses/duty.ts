import type { Reason } from '../refusal.js'
import type { GateSetup } from '../setup.js'

/** How a clause is held: on each request, by records that are kept, or by reports of it. */
export type Met = 'enforced' | 'kept in records' | 'monitored'

/** Something that meets a clause, or a part of it. */
export interface Way {
  readonly met: Met
  /** What the provider sets or calls for it: an option's path, or a public name. Absent: it is built in. */
  readonly by?: string
  /** What it does. */
  readonly does: string
  /** Who observes reports what would be refused, ends no connection, and leaves answers as they are. */
  readonly inObserveMode: 'as ever' | 'reported' | 'left out'
}

/** A part of a clause that is open under the options given. */
export interface Gap {
  /** What is not held. */
  readonly open: string
  /** What the provider would set or call: an option's path, or a public name. */
  readonly by: string
  /** How. */
  readonly remedy: string
}

/** Looks at a gate's options: what of a clause they meet, and what is open. */
export type Look = (setup: GateSetup) => readonly (Way | Gap)[]

/** A clause of the Terms, as far as it asks one thing. */
export interface Duty {
  readonly clause: string
  /** What the Terms ask. */
  readonly asks: string
  /** The ways in which it can be met: E enforced, L kept in records, M monitored; none: left to people. */
  readonly means: readonly ('E' | 'L' | 'M')[]
  /** What is refused for it. */
  readonly reasons: readonly Reason[]
  readonly looks: readonly Look[]
}

/** Requests are refused for it, whatever the options say beside `mode`. */
export const refuses =
  (by: string | undefined, does: string, met: Met = 'enforced'): Look =>
  () => [{ met, ...(by !== undefined && { by }), does, inObserveMode: 'reported' }]

/** It holds whatever the options say. */
export const holds =
  (by: string | undefined, does: string, met: Met = 'enforced'): Look =>
  () => [{ met, ...(by !== undefined && { by }), does, inObserveMode: 'as ever' }]

/** Holds where an option is given, an empty list being none; else it is open. */
export const where =
  (
    by: string,
    does: string,
    open: string,
    remedy = `set ${by}`,
    inObserveMode: Way['inObserveMode'] = 'reported',
  ): Look =>
  ({ said }) => {
    const value = said.get(by)
    const given = value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
    return given ? [{ met: 'enforced', by, does, inObserveMode }] : [{ open, by, remedy }]
  }

/** Answers are written so, and connections ended, unless in observe mode. */
export const stamps =
  (by: string, does: string): Look =>
  () => [{ met: 'enforced', by, does, inObserveMode: 'left out' }]

/** Open where an option says what it should not. */
export const unless =
  (by: string, wrong: string | number | boolean, open: string, remedy: string): Look =>
  ({ said }) =>
    said.get(by) === wrong ? [{ open, by, remedy }] : []

/** Kept where the registry has operations. */
export const recorded =
  (operation: string, does: string, open?: string): Look =>
  ({ registry }) => {
    const by = `registry.${operation}`
    if (registry.writable) return [{ met: 'kept in records', by, does, inObserveMode: 'as ever' }]
    if (open === undefined) return []
    return [{ open, by, remedy: 'give a registry that can be written, or keep it in your own records' }]
  }
