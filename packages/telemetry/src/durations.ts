import type { Labels } from './tally.js'

/** In seconds, from a quick answer to a stream that is open for an hour. */
export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600]

/** How many durations there were under some labels, by bucket. */
export class Durations {
  readonly counts: number[]
  sum = 0
  count = 0

  /** @param bounds in seconds, ascending */
  constructor(
    readonly labels: Labels,
    private readonly bounds: readonly number[],
  ) {
    this.counts = bounds.map(() => 0)
  }

  observe(seconds: number): void {
    const { bounds, counts } = this
    this.sum += seconds
    this.count++
    let at = 0
    while (at < bounds.length && seconds > bounds[at]!) at++
    if (at < bounds.length) counts[at]!++
  }

  reset(): void {
    this.counts.fill(0)
    this.sum = this.count = 0
  }
}

interface Value {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/**
 * A histogram of durations for a registry of `prom-client`, which asks its metrics for nothing but what they are and what they hold. Its own
 * kind has the labels of each duration checked, sorted and joined, and nothing can be added to it in one go.
 */
export class DurationHistogram {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  /** In seconds, ascending. */
  readonly bounds: readonly number[]
  readonly #series = new Map<string, Durations>()

  constructor(
    readonly name: string,
    readonly help: string,
    bounds: readonly number[],
  ) {
    this.bounds = [...bounds]
  }

  /** The same for the same labels, given in the same order. */
  of(labels: Labels): Durations {
    const key = JSON.stringify(labels)
    let series = this.#series.get(key)
    if (!series) this.#series.set(key, (series = new Durations(labels, this.bounds)))
    return series
  }

  /** What the registry asks for as it is read: each bucket counts what is in those below it too. */
  get(): Promise<object> {
    const { name, help, type, aggregator } = this
    const values = [...this.#series.values()].flatMap((series) => this.#valuesOf(series))
    return Promise.resolve({ name, help, type, values, aggregator })
  }

  reset(): void {
    for (const series of this.#series.values()) series.reset()
  }

  #valuesOf({ labels, counts, sum, count }: Durations): Value[] {
    const { name, bounds } = this
    let below = 0
    const bucket = (le: number | string, value: number) => ({
      metricName: `${name}_bucket`,
      labels: { le, ...labels },
      value,
    })
    return [
      ...bounds.map((bound, at) => bucket(bound, (below += counts[at]!))),
      bucket('+Inf', count),
      { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
      { metricName: `${name}_count`, labels: { ...labels }, value: count },
    ]
  }
}
