import type { Scenario } from '../battery/scenario.js'

/** A failure of another system that this one must not have. */
export interface Lesson extends Omit<Scenario, 'id' | 'basis'> {
  /** The row of the table of lessons. */
  readonly row: number
}
