import { BOUNDS } from './durations.js'
import type { Counted } from './tally.js'

export type Attributes = Readonly<Record<string, string | number | boolean>>

interface InstrumentOptions {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

interface Adding {
  add(value: number, attributes?: Attributes): void
}

/** What is needed of a meter of OpenTelemetry. */
export interface OtelMeter {
  createCounter(name: string, options?: InstrumentOptions): Adding
  createUpDownCounter(name: string, options?: InstrumentOptions): Adding
  createHistogram(
    name: string,
    options?: InstrumentOptions,
  ): { record(value: number, attributes?: Attributes): void }
  createObservableGauge(name: string, options?: InstrumentOptions): object
  addBatchObservableCallback(callback: () => void, instruments: never[]): void
}

interface CountedOf extends Counted {
  readonly counter: Adding
  readonly attributes: Attributes
}

/** What is counted under some attributes. */
type Of = (attributes: Attributes) => Counted

/**
 * What a meter is told of all gates. Adding to a counter has its attributes sorted and joined, so what is counted stands beside, and is added as
 * a reader asks: the SDK calls what observes first, and collects the counters afterwards. Observable counters would need no such turn, but of
 * what a view puts together the SDK takes the last of their values, not the sum.
 */
export class Metered {
  readonly open: Of
  readonly io: Of
  readonly refusals: Of
  readonly warnings: Of
  readonly durations: { record(value: number, attributes?: Attributes): void }
  readonly #counted = new Map<string, CountedOf>()

  constructor(meter: OtelMeter) {
    const counts =
      (name: string, counter: Adding): Of =>
      (attributes) =>
        this.#of(name, counter, attributes)
    const counter = (name: string, description: string, unit: string) =>
      counts(name, meter.createCounter(name, { description, unit }))
    const open = 'api_terms.connection.count'
    const description = 'Connections that are open now.'
    this.open = counts(open, meter.createUpDownCounter(open, { description, unit: '{connection}' }))
    this.durations = meter.createHistogram('api_terms.connection.duration', {
      description: 'How long slots were held.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDS },
    })
    this.io = counter('api_terms.connection.io', 'Bytes that connections carried.', 'By')
    this.refusals = counter('api_terms.refusals', 'Requests that were refused.', '{refusal}')
    this.warnings = counter('api_terms.warnings', 'Warnings of the gate.', '{warning}')
    // It has no values: a callback has to belong to something observable.
    const asked = meter.createObservableGauge('api_terms.asked')
    meter.addBatchObservableCallback(() => this.#add(), [asked] as never[])
  }

  #add(): void {
    for (const counted of this.#counted.values()) {
      counted.counter.add(counted.by, counted.attributes)
      counted.by = 0
    }
  }

  #of(name: string, counter: Adding, attributes: Attributes): Counted {
    const key = JSON.stringify([name, attributes])
    let counted = this.#counted.get(key)
    if (!counted) this.#counted.set(key, (counted = { counter, attributes, by: 0 }))
    return counted
  }
}

/** A symbol of the whole process, so that two loaded copies of this package find the same one. */
const METERED = Symbol.for('api-terms.metered')

export function meteredBy(meter: OtelMeter & { [METERED]?: Metered }): Metered {
  return (meter[METERED] ??= new Metered(meter))
}
