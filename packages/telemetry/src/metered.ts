import type { Counted } from './tally.js'

export type Attributes = Readonly<Record<string, string | number | boolean>>

interface InstrumentOptions {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

/** What is needed of a meter of OpenTelemetry. */
export interface OtelMeter {
  createObservableCounter(name: string, options?: InstrumentOptions): object
  createObservableUpDownCounter(name: string, options?: InstrumentOptions): object
  createHistogram(
    name: string,
    options?: InstrumentOptions,
  ): { record(value: number, attributes?: Attributes): void }
  addBatchObservableCallback(
    callback: (result: { observe(instrument: never, value: number, attributes?: Attributes): void }) => void,
    instruments: never[],
  ): void
}

/** In seconds, from a quick answer to a stream that is open for an hour. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600]

interface CountedOf extends Counted {
  readonly instrument: object
  readonly attributes: Attributes
}

/**
 * What a meter is told of all gates: counts as its reader asks for them, since adding to an instrument has its attributes sorted and joined,
 * durations one by one. Gates with the same attributes share a count: of two values for the same attributes a meter takes one.
 */
export class Metered {
  readonly open: Of
  readonly io: Of
  readonly refusals: Of
  readonly warnings: Of
  readonly durations: { record(value: number, attributes?: Attributes): void }
  readonly #counted = new Map<string, CountedOf>()

  constructor(meter: OtelMeter) {
    const instruments: object[] = []
    const counts = (name: string, instrument: object): Of => {
      instruments.push(instrument)
      return (attributes) => this.#of(name, instrument, attributes)
    }
    const counter = (name: string, description: string, unit: string) =>
      counts(name, meter.createObservableCounter(name, { description, unit }))
    const open = 'api_terms.connection.count'
    const description = 'Connections that are open now.'
    this.open = counts(open, meter.createObservableUpDownCounter(open, { description, unit: '{connection}' }))
    this.durations = meter.createHistogram('api_terms.connection.duration', {
      description: 'How long slots were held.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    })
    this.io = counter('api_terms.connection.io', 'Bytes that connections carried.', 'By')
    this.refusals = counter('api_terms.refusals', 'Requests that were refused.', '{refusal}')
    this.warnings = counter('api_terms.warnings', 'Warnings of the gate.', '{warning}')
    meter.addBatchObservableCallback((result) => {
      for (const { instrument, by, attributes } of this.#counted.values())
        result.observe(instrument as never, by, attributes)
    }, instruments as never[])
  }

  #of(name: string, instrument: object, attributes: Attributes): Counted {
    const key = JSON.stringify([name, attributes])
    let counted = this.#counted.get(key)
    if (!counted) this.#counted.set(key, (counted = { instrument, attributes, by: 0 }))
    return counted
  }
}

/** What is counted under some attributes. */
type Of = (attributes: Attributes) => Counted

/** A symbol of the whole process, so that two loaded copies of this package find the same one. */
const METERED = Symbol.for('api-terms.metered')

export function meteredBy(meter: OtelMeter & { [METERED]?: Metered }): Metered {
  return (meter[METERED] ??= new Metered(meter))
}
